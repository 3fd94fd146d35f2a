"""A machine is set up to use AWS keys.

What it does
    Finds user data and provisioners that put AWS keys where the SDKs look for them (variables, `~/.aws/credentials`,
    `aws configure`) although no key is seen to come in: a stand-in that somebody replaces by hand, a file that is
    copied or fetched.  A key that is seen is the matter of the checks of given keys, and sessions are left alone.

Why it matters
    The key is put on the machine by hand or from a place that this code does not show: it is in nobody's inventory, and
    it shadows the instance profile that the machine should have.

Fix
    Give the machine an instance profile and take the keys out of its set-up.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule

RULE = Rule(
    "RC111",
    "machine-set-up-for-keys",
    "static-credential",
    "medium",
    "a machine is set up to use AWS keys",
    controls=("NIST 800-53 IA-5", "CIS AWS 1.18", "OWASP NHI7", "ATT&CK T1552.001"),
    level_now="L1",
    level_target="L5",
    equivalents={"kics": ("0b93729a-d882-4803-bdc3-ac429a21f158",)},
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each machine."""
    seen: set[tuple[str, int]] = set()
    for value in model.secret_values:
        place = (value.span.path, value.span.start)
        if value.form == "set-up" and place not in seen:
            seen.add(place)
            yield RULE.finding(
                f"{value.site.address} is set up with AWS keys that come from outside this code",
                value.span,
                value.site.address,
                key=value.site.address,
                help="give it an instance profile and take the keys out of its set-up: they would shadow the role",
            )


BAD = (
    Example(
        "user data with a stand-in, a file that is copied",
        {
            "main.tf": """\
resource "aws_instance" "web" { # <- RC111
  ami       = "ami-0abcdef1234567890"
  user_data = <<-EOT
    #!/bin/bash
    export AWS_ACCESS_KEY_ID=your_access_key_id_here
    export AWS_SECRET_ACCESS_KEY=your_secret_access_key_here
  EOT
}

resource "aws_instance" "worker" {
  ami = "ami-0abcdef1234567890"
  provisioner "file" { # <- RC111
    source      = "conf/aws-credentials"
    destination = "~/.aws/credentials"
  }
}
"""
        },
    ),
    Example(
        "a template's user data",
        {
            "stack.yaml": """\
Resources:
  Web: # <- RC111
    Type: AWS::EC2::Instance
    Properties:
      UserData:
        Fn::Base64: |
          #!/bin/bash
          wget -qO- http://config.internal/credentials > ~/.aws/credentials
"""
        },
    ),
)

GOOD = (
    Example(
        "a session, or a profile that takes the machine's role",
        {
            "main.tf": """\
resource "aws_instance" "web" {
  ami                  = "ami-0abcdef1234567890"
  iam_instance_profile = "web"
  user_data            = <<-EOT
    #!/bin/bash
    eval $(aws sts assume-role --role-arn arn:aws:iam::111122223333:role/x --role-session-name y | ./export)
    export AWS_ACCESS_KEY_ID=$(jq -r .AccessKeyId session.json)
  EOT
}

resource "aws_instance" "worker" {
  ami                  = "ami-0abcdef1234567890"
  iam_instance_profile = "worker"
  user_data            = <<-EOT
    #!/bin/bash
    printf '[profile x]\\ncredential_source = Ec2InstanceMetadata\\n' > ~/.aws/config
  EOT
}
"""
        },
    ),
)

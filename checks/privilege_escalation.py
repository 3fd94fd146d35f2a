"""A machine that can give itself more rights.

What it does
    Puts together all that a machine's user or role is granted, inline, attached, through groups and by AWS's managed
    policies, takes away what is denied, and looks for published ways to more: changing its own policies, making keys
    for others, passing any role to a service that runs code, taking over what runs with another role.
    A policy of which the code does not show who gets it is judged too, one step less severe.

Why it matters
    Such a grant is worth as much as the most powerful role of the account, although no policy says so.

Fix
    Name the roles, users and policies that it manages; pass only named roles, to one service (`iam:PassedToService`);
    put a permissions boundary on the roles that it may make.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy import google, oci
from rolecall.policy.telling import findings

RULE = Rule(
    "RC302",
    "privilege-escalation",
    "excess-privilege",
    "critical",
    "a machine can raise its own rights",
    controls=(
        "NIST 800-53 AC-6",
        "NIST 800-53 AC-6(1)",
        "PCI DSS 7.2.5",
        "ISO 27001 A.8.2",
        "OWASP NHI5",
        "ATT&CK T1098.003",
        "ATT&CK T1548.005",
    ),
    level_now="W",
    level_target="L5",
    equivalents={
        "checkov": (
            "CKV_AWS_110",
            "CKV_AWS_286",
        )
    },
)
_HELP = "name what it may manage, on which one, and whose role or account it may take"


def check(model: Model) -> Iterator[Finding]:
    """One finding for each principal, and for each policy whose principal is not seen."""
    yield from findings(
        model, RULE, "escalation", "name what it may manage and which roles it may pass, and to which service"
    )
    yield from google.findings(model, RULE, "escalation", _HELP)
    yield from oci.findings(model, RULE, "escalation", _HELP)


BAD = (
    Example(
        "a role for any function",
        {
            "main.tf": """\
resource "aws_iam_role" "worker" {
  name = "worker"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "worker" {
  role = aws_iam_role.worker.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["lambda:CreateFunction", "lambda:InvokeFunction"]
        Resource = "arn:aws:lambda:eu-west-2:111122223333:function:job-*"
      },
      { # <- RC302
        Effect   = "Allow"
        Action   = ["iam:PassRole"]
        Resource = "*"
      },
    ]
  })
}
"""
        },
    ),
    Example(
        "its own policies",
        {
            "stack.yaml": """\
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal:
              Service: lambda.amazonaws.com
            Action: sts:AssumeRole
      Policies:
        - PolicyName: own
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow # <- RC302
                Action:
                  - iam:PutRolePolicy
                Resource: "*"
"""
        },
    ),
    Example(
        "Google Cloud: roles that together are more",
        {
            "main.tf": """\
resource "google_service_account" "deploy" {
  account_id = "deploy"
}

resource "google_project_iam_member" "functions" { # <- RC302
  project = "example"
  role    = "roles/cloudfunctions.developer"
  member  = google_service_account.deploy.member
}

resource "google_project_iam_member" "accounts" {
  project = "example"
  role    = "roles/iam.serviceAccountUser"
  member  = google_service_account.deploy.member
}

resource "google_project_iam_custom_role" "roles" {
  role_id     = "roles"
  title       = "roles"
  permissions = ["iam.roles.get", "iam.roles.update"]
}

resource "google_service_account" "roles" {
  account_id = "roles"
}

resource "google_project_iam_member" "roles" { # <- RC302
  project = "example"
  role    = google_project_iam_custom_role.roles.id
  member  = google_service_account.roles.member
}
"""
        },
    ),
    Example(
        "OCI: policies of a compartment",
        {
            "main.tf": """\
resource "oci_identity_policy" "ci" {
  compartment_id = "ocid1.compartment.oc1..apps"
  name           = "ci"
  description    = "deploys"
  statements = [
    "Allow dynamic-group ci to manage policies in compartment apps", # <- RC302
  ]
}
"""
        },
    ),
)

GOOD = (
    Example(
        "one role, one service",
        {
            "main.tf": """\
resource "aws_iam_role" "worker" {
  name = "worker"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "worker" {
  role = aws_iam_role.worker.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["lambda:CreateFunction", "lambda:InvokeFunction"]
        Resource = "arn:aws:lambda:eu-west-2:111122223333:function:job-*"
      },
      {
        Effect   = "Allow"
        Action   = ["iam:PassRole"]
        Resource = "arn:aws:iam::111122223333:role/job"
        Condition = { StringEquals = { "iam:PassedToService" = "lambda.amazonaws.com" } }
      },
    ]
  })
}
"""
        },
    ),
    Example(
        "what is denied",
        {
            "stack.yaml": """\
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal:
              Service: lambda.amazonaws.com
            Action: sts:AssumeRole
      Policies:
        - PolicyName: own
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Action:
                  - iam:PutRolePolicy
                Resource: "*"
              - Effect: Deny
                Action: iam:*
                Resource: "*"
"""
        },
    ),
    Example(
        "Google Cloud: one service account, and a key that a deny policy bans",
        {
            "main.tf": """\
resource "google_service_account" "deploy" {
  account_id = "deploy"
}

resource "google_service_account" "app" {
  account_id = "app"
}

resource "google_project_iam_member" "functions" {
  project = "example"
  role    = "roles/cloudfunctions.developer"
  member  = google_service_account.deploy.member
}

resource "google_service_account_iam_member" "app" {
  service_account_id = google_service_account.app.name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.deploy.member
}

resource "google_project_iam_member" "hmac" {
  project = "example"
  role    = "roles/storage.hmacKeyAdmin"
  member  = google_service_account.deploy.member
}

resource "google_iam_deny_policy" "hmac" {
  parent = "cloudresourcemanager.googleapis.com%2Fprojects%2Fexample"
  name   = "hmac"
  rules {
    deny_rule {
      denied_principals  = ["principalSet://goog/public:all"]
      denied_permissions = ["storage.googleapis.com/hmacKeys.create"]
    }
  }
}
"""
        },
    ),
)

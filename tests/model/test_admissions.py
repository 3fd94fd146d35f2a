"""Which resource policies are read, and what beside them keeps people out."""

from __future__ import annotations

from pathlib import Path

import pytest

from rolecall.analysis.run import Options, analyse

OPEN = 'jsonencode({ Statement = [{ Effect = "Allow", Principal = "*", Action = "s3:PutObject", Resource = "*" }] })'
POLICY = f"""
resource "aws_s3_bucket_policy" "p" {{
  bucket = aws_s3_bucket.b.id
  policy = {OPEN}
}}
resource "aws_s3_bucket" "b" {{
  bucket = "b"
}}
"""
BLOCK = """
resource "aws_s3_bucket_public_access_block" "b" {
  bucket                  = %s
  block_public_policy     = %s
  ignore_public_acls      = true
}
"""
DOCUMENT = """
data "aws_iam_policy_document" "%s" {
  statement {
    actions   = ["s3:PutObject"]
    resources = ["*"]
    principals {
      type        = "*"
      identifiers = %s
    }
  }
}
"""


def said(folder: Path, text: str, name: str = "main.tf", **more: str) -> set[str]:
    """What is said of who is let in: the rule, how bad, and the address."""
    for file, content in {name: text, **{key.replace("__", "/") + ".tf": value for key, value in more.items()}}.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(content)
    found = analyse([folder], Options(cache=False, select=("RC40", "RC41"))).findings
    return {f"{finding.rule} {finding.severity} {finding.address}" for finding in found}


def test_no_user_is_needed(tmp_path: Path) -> None:
    assert said(tmp_path, POLICY) == {"RC403 high aws_s3_bucket_policy.p"}


@pytest.mark.parametrize(
    ("bucket", "switch", "shut"),
    [
        ("aws_s3_bucket.b.id", "true", True),
        ('"b"', "true", True),
        ("aws_s3_bucket.b.id", "false", False),
        ('"other"', "true", False),
    ],
)
def test_a_block_on_public_access(bucket: str, switch: str, shut: bool, tmp_path: Path) -> None:
    found = said(tmp_path, POLICY + BLOCK % (bucket, switch))
    assert found == (set() if shut else {"RC403 high aws_s3_bucket_policy.p"})


def test_lists_and_their_block(tmp_path: Path) -> None:
    lists = """
resource "aws_s3_bucket_acl" "a" {
  bucket = "b"
  acl    = "public-read-write"
}
resource "aws_s3_bucket" "old" {
  grant {
    uri         = "http://acs.amazonaws.com/groups/global/AllUsers"
    permissions = ["READ"]
    type        = "Group"
  }
}
"""
    assert said(tmp_path, lists) == {"RC403 high aws_s3_bucket_acl.a", "RC403 low aws_s3_bucket.old"}
    assert said(tmp_path, lists + BLOCK % ('"b"', "false")) == {"RC403 low aws_s3_bucket.old"}


def test_a_template_says_where_its_bucket_stands(tmp_path: Path) -> None:
    template = """
Resources:
  B:
    Type: AWS::S3::Bucket
    Properties:
      PublicAccessBlockConfiguration: {RestrictPublicBuckets: %s}
  P:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref B
      PolicyDocument:
        Statement: {Effect: Allow, Principal: '*', Action: s3:PutObject, Resource: '*'}
"""
    assert said(tmp_path, template % "true", "t.yaml") == set()
    assert said(tmp_path, template % "false", "t.yaml") == {"RC403 high P"}


def test_a_private_network(tmp_path: Path) -> None:
    domain = """
resource "aws_opensearch_domain" "d" {
  %s
}
resource "aws_opensearch_domain_policy" "p" {
  domain_name     = aws_opensearch_domain.d.domain_name
  access_policies = jsonencode({ Statement = [{ Effect = "Allow", Principal = "*", Action = "es:*", Resource = "*" }] })
}
"""
    assert said(tmp_path, domain % "") == {"RC403 medium aws_opensearch_domain_policy.p"}
    inner = domain % 'vpc_options {\n    subnet_ids = ["subnet-1"]\n  }'
    assert said(tmp_path, inner) == {"RC403 low aws_opensearch_domain_policy.p"}


def test_documents_by_themselves(tmp_path: Path) -> None:
    document = DOCUMENT % ("anybody", '["*"]')
    module = 'module "m" {\n  source = "example.com/x"\n  policy = data.aws_iam_policy_document.anybody.json\n}\n'
    assert said(tmp_path, document + module) == {"RC403 high data.aws_iam_policy_document.anybody"}
    assert said(tmp_path, document + module.replace('"m"', '"endpoints"')) == set()
    assert said(tmp_path, DOCUMENT % ("s3_endpoint", '["*"]')) == set()
    named = DOCUMENT % ("some", '["arn:aws:iam::111122223333:root"]')
    assert said(tmp_path, named) == set()


def test_a_document_is_told_where_it_is_taken(tmp_path: Path) -> None:
    taken = """
resource "aws_s3_bucket_policy" "p" {
  bucket = "b"
  policy = data.aws_iam_policy_document.anybody.json
}
"""
    assert said(tmp_path, taken + DOCUMENT % ("anybody", '["*"]')) == {"RC403 high aws_s3_bucket_policy.p"}


def test_a_document_of_what_is_shut_or_not_made(tmp_path: Path) -> None:
    taken = (
        """
resource "aws_s3_bucket_policy" "p" {
  COUNT
  bucket = "b"
  policy = data.aws_iam_policy_document.anybody.json
}
"""
        + DOCUMENT % ("anybody", '["*"]')
    )
    assert said(tmp_path, taken.replace("COUNT", "") + BLOCK % ('"b"', "true")) == set()
    assert said(tmp_path, taken.replace("COUNT", "count = 0")) == set()


def test_what_a_library_leaves_to_its_callers(tmp_path: Path) -> None:
    library = (
        """
variable "who" {
  default = ["*"]
}
resource "aws_s3_bucket_policy" "p" {
  bucket = "b"
  policy = data.aws_iam_policy_document.anybody.json
}
"""
        + DOCUMENT % ("anybody", "var.who")
    )
    assert said(tmp_path, library) == set()
    calls = 'provider "aws" {}\nmodule "m" {\n  source = "./modules/m"\n  who    = ["*"]\n}\n'
    found = said(tmp_path, calls, modules__m__main=library)
    assert found == {"RC403 high module.m.aws_s3_bucket_policy.p"}


def test_principals_that_are_given_elsewhere(tmp_path: Path) -> None:
    given = POLICY.replace('Principal = "*"', "Principal = { AWS = var.who }")
    estate = 'provider "aws" {}\nvariable "who" {\n  default = "*"\n}\n' + given
    assert said(tmp_path, estate) == {"RC403 high aws_s3_bucket_policy.p"}
    assert said(tmp_path, estate.replace('default = "*"', "")) == set()


def test_a_gate_of_a_library(tmp_path: Path) -> None:
    gated = 'variable "public" {\n  default = false\n}\n' + POLICY.replace(
        "  bucket = aws", "  count  = var.public ? 1 : 0\n  bucket = aws", 1
    )
    assert said(tmp_path, gated) == set()
    called = 'provider "aws" {}\nmodule "m" {\n  source = "./modules/m"\n  public = true\n}\n'
    assert said(tmp_path, called, modules__m__main=gated) == {"RC403 high module.m.aws_s3_bucket_policy.p"}


@pytest.mark.parametrize(
    ("attributes", "wanted"),
    [
        ('principal = "*"', "RC403 high"),
        ('principal = "*"\n  principal_org_id = "o-a1b2c3d4e5"', ""),
        ('principal = "*"\n  source_account = "111122223333"', "RC416 low"),
        ('principal = "*"\n  function_url_auth_type = "NONE"', "RC403 medium"),
        ('principal = "*"\n  function_url_auth_type = "AWS_IAM"', "RC403 high"),
        ('principal = "sns.amazonaws.com"', "RC405 low"),
        ('principal = "logs.eu-west-2.amazonaws.com"\n  source_arn = "arn:aws:logs:eu-west-2:111122223333:*"', ""),
        ('principal = "111122223333"', ""),
        ("principal = var.principal", ""),
    ],
)
def test_permissions(attributes: str, wanted: str, tmp_path: Path) -> None:
    permission = f"""
resource "aws_lambda_permission" "p" {{
  function_name = "f"
  action        = "lambda:InvokeFunction"
  {attributes}
}}
"""
    assert said(tmp_path, permission) == ({f"{wanted} aws_lambda_permission.p"} if wanted else set())


def test_a_source_that_is_null(tmp_path: Path) -> None:
    permission = """
variable "source" {
  default = null
}
resource "aws_lambda_permission" "p" {
  function_name = "f"
  action        = "lambda:InvokeFunction"
  principal     = "sns.amazonaws.com"
  source_arn    = var.source
}
"""
    assert said(tmp_path, permission) == set()
    assert said(tmp_path, 'provider "aws" {}\n' + permission) == {"RC405 low aws_lambda_permission.p"}


def test_a_url_tells_of_its_permission(tmp_path: Path) -> None:
    url = """
resource "aws_lambda_function_url" "u" {
  function_name      = "f"
  authorization_type = "NONE"
}
resource "aws_lambda_permission" "p" {
  function_name          = "f"
  action                 = "lambda:InvokeFunctionUrl"
  principal              = "*"
  function_url_auth_type = "NONE"
}
"""
    assert said(tmp_path, url) == {"RC412 medium aws_lambda_function_url.u"}


def test_statements_without_a_document(tmp_path: Path) -> None:
    template = """
Resources:
  Bus:
    Type: AWS::Events::EventBusPolicy
    Properties:
      StatementId: s
      Statement: {Effect: Allow, Principal: '*', Action: events:PutEvents, Resource: '*'}
  Old:
    Type: AWS::Events::EventBusPolicy
    Properties: {StatementId: s, Principal: '*', Action: events:PutEvents}
"""
    assert said(tmp_path, template, "t.yaml") == {"RC403 high Bus", "RC403 high Old"}


TRUST = """
variable "subjects" {
  default = []
}
data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]
    principals {
      type        = "Federated"
      identifiers = ["arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"]
    }
    CONDITION
  }
}
resource "aws_iam_role" "r" {
  assume_role_policy = data.aws_iam_policy_document.trust.json
}
"""
ASKED = """condition {
      test     = "StringLike"
      variable = "token.actions.githubusercontent.com:sub"
      values   = var.subjects
    }"""
DYNAMIC = """dynamic "condition" {
      for_each = length(var.subjects) > 0 ? [1] : []
      content {
        test     = "StringLike"
        variable = "token.actions.githubusercontent.com:sub"
        values   = var.subjects
      }
    }"""


@pytest.mark.parametrize("condition", [ASKED, DYNAMIC])
def test_a_trust_that_a_library_leaves_to_its_callers(condition: str, tmp_path: Path) -> None:
    library = TRUST.replace("CONDITION", condition)
    assert said(tmp_path, library) == set()
    calls = 'provider "aws" {}\nmodule "m" {\n  source   = "./modules/m"\n  subjects = ["repo:*"]\n}\n'
    assert said(tmp_path, calls, modules__m__main=library) == {"RC402 critical module.m.aws_iam_role.r"}


def test_a_trust_of_an_estate_that_asks_nothing(tmp_path: Path) -> None:
    estate = 'provider "aws" {}\n' + TRUST.replace("CONDITION", DYNAMIC)
    assert said(tmp_path, estate) == {"RC402 critical aws_iam_role.r"}

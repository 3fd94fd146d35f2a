"""A federated trust that does not say whose token it takes.

What it does
    Finds trusts in an OIDC issuer that is shared by many customers (GitHub, GitLab, Bitbucket, CircleCI, HCP Terraform,
    Google …) or in a cluster, where no condition pins the subject, or a wildcard leaves it open.

Why it matters
    Every customer of a shared issuer can get a token from it.  Without a pinned subject each of them can become this
    role: a permanent key that everybody holds.

Fix
    Compare the subject with the exact repository and branch or environment (`repo:org/name:environment:prod`), by
    StringEquals.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rolecall.model.finding import Finding, Severity
from rolecall.model.linking import Model
from rolecall.model.openness import judge_trust
from rolecall.model.parts import Identity, Statement
from rolecall.model.rule import Example, Rule

RULE = Rule(
    "RC402",
    "unpinned-oidc-subject",
    "trust",
    "critical",
    "an OIDC trust does not pin the subject",
    controls=("NIST 800-53 AC-3", "NIST 800-53 IA-8", "PCI DSS 7.2.5", "OWASP NHI4", "OWASP NHI6", "ATT&CK T1199"),
    level_now="L5·T",
    level_target="L5",
    equivalents={"checkov": ("CKV_AWS_358",)},
)

#: Issuers that give tokens to anybody who signs up, and the claims beside `sub` that can pin a caller there.
#: GitHub's claims as IAM condition keys:
#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
SHARED = {
    "token.actions.githubusercontent.com": (
        "repository",
        "repository_id",
        "repository_owner_id",
        "job_workflow_ref",
        "environment",
    ),
    "gitlab.com": ("project_path",),
    "app.terraform.io": (),
    "accounts.google.com": ("oaud", "aud"),
    "agent.buildkite.com": (),
    "cognito-identity.amazonaws.com": ("aud",),
}
#: Issuers whose URL names one customer: an open subject lets all of its projects in, and nobody else.
#: https://circleci.com/docs/guides/permissions-authentication/openid-connect-tokens/
#: https://support.atlassian.com/bitbucket-cloud/docs/deploy-on-aws-using-bitbucket-pipelines-openid-connect/
#: https://vercel.com/docs/oidc/reference
OWN = {
    "oidc.circleci.com/org": "project of the organisation",
    "api.bitbucket.org/2.0/workspaces": "repository of the workspace",
    "vstoken.dev.azure.com": "service connection of the organisation",
    "oidc.vercel.com": "project of the team",
}
_ISSUER = re.compile(r"(?:oidc-provider/)?(?P<host>[\w.-]+\.[a-z]{2,}(?:/[^\s\"'}]*)?)$")


def check(model: Model) -> Iterator[Finding]:
    """One finding for each statement or block whose subject is open."""
    yield from _blocks(model)
    urls = {fact.name: fact.value for fact in model.facts["oidc-provider"]}
    judged: dict[tuple[str, int], list[tuple[Identity, Statement, str, tuple[Severity, str] | None]]] = {}
    for identity in model.identities.values():
        for statement in identity.assume.statements if identity.assume is not None else ():
            issuer = issuer_of(statement, urls, identity.site.unit)
            if issuer:
                span = statement.span or identity.site.span
                judged.setdefault((span.path, span.start), []).append(
                    (identity, statement, issuer, judge(statement, issuer))
                )
    for group in judged.values():
        # A module's block that is not open for every call of it is not to blame: the call that leaves it open is.
        instances = sum(1 for i in model.identities.values() if i.site.declaration == group[0][0].site.declaration)
        pinned = sum(1 for _, _, _, verdict in group if verdict is not None) < instances
        for identity, statement, issuer, verdict in group:
            if verdict is None:
                continue
            severity, why = verdict
            calls = identity.site.calls
            yield RULE.finding(
                f"{identity.site.address} trusts {issuer}: {why}",
                calls[-1] if pinned and calls else statement.span or identity.site.span,
                identity.site.address,
                severity=severity,
                identity=identity.site.address,
                key=identity.site.address,
                help="pin the subject to one repository and branch or environment with StringEquals",
            )
            if not pinned:
                break


def _blocks(model: Model) -> Iterator[Finding]:
    """Trusts that are blocks of their own: a workload identity pool's provider, a federated credential."""
    seen: set[tuple[str, int]] = set()
    for trust in model.trusts:
        span = trust.site.span
        if (span.path, span.start) in seen or (trust.library and trust.gate is not None):
            continue
        host = trust.issuer.removeprefix("https://").rstrip("/")
        shared = any(host == known or host.startswith(known + "/") for known in SHARED)
        verdict = judge_trust(model, trust, shared)
        if verdict is None:
            continue
        seen.add((span.path, span.start))
        severity, why = verdict
        yield RULE.finding(
            f"{trust.site.address} trusts {host}: {why}",
            span,
            trust.site.address,
            severity=severity,
            identity=trust.target.rpartition("//")[2],
            key=trust.site.address,
            help="ask for one repository and branch or environment, by ids where the issuer has them",
        )


def issuer_of(statement: Statement, urls: dict[str, str], unit: str) -> str:
    """The issuer that a statement trusts, without scheme; "" where it trusts none or one that is not known."""
    if statement.effect != "Allow" or not any(
        "AssumeRoleWithWebIdentity" in a or a in ("sts:*", "*") for a in statement.actions
    ):
        return ""
    for kind, who in statement.principals:
        if kind != "Federated":
            continue
        if who.startswith("${"):
            address = who[2:].rpartition(".")[0] if not who.endswith(".arn}") else who[2:-5]
            url = urls.get(f"{unit}//{address}", "")
            if url:
                return url.removeprefix("https://").rstrip("/")
        match = _ISSUER.search(who)
        if match and "saml-provider" not in who:
            return match["host"]
    for _, key, _ in statement.conditions:
        head, colon, claim = key.rpartition(":")
        if colon and claim in ("sub", "aud") and "." in head:
            return head
    return ""


def judge(statement: Statement, issuer: str) -> tuple[Severity, str] | None:
    """How open a trust is: a severity and why; None where the subject is pinned or cannot be told."""
    shared = next((host for host in SHARED if issuer == host or issuer.startswith(host + "/")), "")
    subjects: list[tuple[str, str]] = []
    for operator, key, values in statement.conditions:
        claim = key.rpartition(":")[2].lower()
        if operator.endswith("IfExists") or operator.startswith("ForAllValues"):
            continue
        if claim == "sub":
            subjects.extend((operator, value) for value in values)
        elif claim in SHARED.get(shared, ()) and values and not all(set(v) <= {"*"} for v in values):
            return None
    if not subjects:
        if shared == "cognito-identity.amazonaws.com":
            return None
        if (members := next((what for host, what in OWN.items() if issuer.startswith(host + "/")), "")) != "":
            return "medium", f"no condition on the subject, so every {members} can become this role"
        if shared:
            return "critical", "no condition on the subject, so every customer of it can become this role"
        if any(key.rpartition(":")[2].lower() not in ("aud",) for _, key, _ in statement.conditions):
            return None
        return "medium", "no condition on the subject, so every workload that it gives tokens to can become this role"
    return _widest(subjects, shared)


def _widest(subjects: list[tuple[str, str]], shared: str) -> tuple[Severity, str] | None:
    for operator, value in subjects:
        like = "Like" in operator
        if like and set(value) <= {"*", "?", ":"}:
            return ("critical" if shared else "medium"), f"the subject “{value}” matches everything"
        if like and shared == "token.actions.githubusercontent.com":
            match = re.match(r"repo:([^/:]*)(?:/([^:]*))?(?::(.*))?$", value)
            if match is None:
                continue
            # The immutable form has ids behind the names (`owner@123/name@456`); names themselves hold no `@`.
            owner, repository, rest = (part and re.sub(r"@(?:\*|\d+|\?+)$", "", part) for part in match.groups())
            if "*" in owner:
                return "critical", f"the subject “{value}” lets other organisations in"
            if repository is None or repository.startswith("*"):
                return "high", f"the subject “{value}” lets every repository of the organisation in"
            if rest == "*" or (rest is None and repository.endswith("*")):
                return "medium", f"the subject “{value}” lets every branch and pull request of the repository in"
    return None


BAD = (
    Example(
        "only the audience",
        {
            "main.tf": """\
data "aws_iam_policy_document" "trust" {
  statement { # <- RC402
    actions = ["sts:AssumeRoleWithWebIdentity"]
    principals {
      type        = "Federated"
      identifiers = ["arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:aud"
      values   = ["sts.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "deploy" {
  name               = "deploy"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}
"""
        },
    ),
    Example(
        "the call of a module that leaves it open",
        {
            "main.tf": """\
module "site" {
  source   = "./role"
  subjects = ["repo:my-org/site:environment:prod"]
}

module "api" { # <- RC402
  source   = "./role"
  subjects = ["repo:my-org/*"]
}
""",
            "role/main.tf": """\
variable "subjects" {}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]
    principals {
      type        = "Federated"
      identifiers = ["arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"]
    }
    condition {
      test     = "StringLike"
      variable = "token.actions.githubusercontent.com:sub"
      values   = var.subjects
    }
  }
}

resource "aws_iam_role" "this" {
  assume_role_policy = data.aws_iam_policy_document.trust.json
}
""",
        },
    ),
    Example(
        "every repository",
        {
            "stack.yaml": """\
Resources:
  Deploy:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow # <- RC402
            Action: sts:AssumeRoleWithWebIdentity
            Principal:
              Federated: !Sub arn:aws:iam::${AWS::AccountId}:oidc-provider/token.actions.githubusercontent.com
            Condition:
              StringLike:
                token.actions.githubusercontent.com:sub: repo:my-org/*
"""
        },
    ),
    Example(
        "a workload identity pool for all of GitHub",
        {
            "main.tf": """\
resource "google_iam_workload_identity_pool" "ci" {
  workload_identity_pool_id = "ci"
}

resource "google_iam_workload_identity_pool_provider" "github" { # <- RC402
  workload_identity_pool_id          = google_iam_workload_identity_pool.ci.workload_identity_pool_id
  workload_identity_pool_provider_id = "github"
  attribute_mapping = {
    "google.subject" = "assertion.sub"
  }
  oidc {
    issuer_uri = "https://token.actions.githubusercontent.com"
  }
}
"""
        },
    ),
    Example(
        "an OCI identity domain that takes any GitHub token",
        {
            "main.tf": """\
variable "domain_url" {}

resource "oci_identity_domains_identity_propagation_trust" "github" { # <- RC402
  idcs_endpoint       = var.domain_url
  schemas             = ["urn:ietf:params:scim:schemas:oracle:idcs:IdentityPropagationTrust"]
  name                = "github"
  type                = "JWT"
  issuer              = "https://token.actions.githubusercontent.com"
  allow_impersonation = true
}
"""
        },
    ),
)

GOOD = (
    Example(
        "the form of the subject with ids",
        {
            "main.tf": """\
resource "aws_iam_role" "deploy" {
  name = "deploy"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com" }
      Condition = {
        StringLike = { "token.actions.githubusercontent.com:sub" = "repo:my-org@*/site@*:environment:prod" }
      }
    }]
  })
}
"""
        },
    ),
    Example(
        "a pool that lets one repository in",
        {
            "main.tf": """\
resource "google_iam_workload_identity_pool" "ci" {
  workload_identity_pool_id = "ci"
}

resource "google_iam_workload_identity_pool_provider" "github" {
  workload_identity_pool_id          = google_iam_workload_identity_pool.ci.workload_identity_pool_id
  workload_identity_pool_provider_id = "github"
  attribute_mapping = {
    "google.subject"          = "assertion.sub"
    "attribute.repository_id" = "assertion.repository_id"
  }
  attribute_condition = "attribute.repository_id == '123456' && assertion.ref == 'refs/heads/main'"
  oidc {
    issuer_uri = "https://token.actions.githubusercontent.com"
  }
}
"""
        },
    ),
    Example(
        "pinned",
        {
            "main.tf": """\
resource "aws_iam_role" "deploy" {
  name = "deploy"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com" }
      Condition = {
        StringEquals = {
          "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
          "token.actions.githubusercontent.com:sub" = "repo:my-org/site:environment:prod"
        }
      }
    }]
  })
}
"""
        },
    ),
)

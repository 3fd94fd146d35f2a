"""A machine that may do everything.

What it does
    Finds machines' users and roles that are granted `AdministratorAccess`, `PowerUserAccess` or `IAMFullAccess`, or a
    statement that allows every action on every resource.  A policy of which nobody can tell who gets it is one step
    less severe, people's administrators are low; endpoint policies, boundaries and resource policies are not judged
    here.

Why it matters
    Whoever gets hold of such a workload, or of its key, owns the account.

Fix
    Grant the actions that the workload calls, on the resources it calls them on; put a permissions boundary around what
    must stay wide.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.access.wide_roles import wide_role
from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule
from rolecall.policy import google, oci
from rolecall.policy.azure import CALLER, LESS, LEVELS, assignments
from rolecall.policy.telling import findings

RULE = Rule(
    "RC301",
    "administrator-grant",
    "excess-privilege",
    "critical",
    "a machine is granted everything",
    controls=(
        "NIST 800-53 AC-6",
        "NIST 800-53 AC-6(1)",
        "CIS AWS 1.16",
        "PCI DSS 7.2.5",
        "ISO 27001 A.8.2",
        "OWASP NHI5",
        "ATT&CK T1078.004",
    ),
    level_now="W",
    level_target="L5",
    equivalents={
        "checkov": (
            "CKV_AWS_1",
            "CKV_AWS_62",
            "CKV_AWS_63",
            "CKV_AWS_274",
            "CKV_AWS_275",
            "CKV2_AWS_68",
        ),
        "trivy": ("AWS-0057",),
        "kics": (
            "2f37c4a3-58b9-4afe-8a87-d7f1d2286f84",
            "575a2155-6af1-4026-b1af-d5bc8fe2a904",
            "132a8c31-9837-4203-9fd1-15ca210c7b73",
            "4003118b-046b-4640-b200-b8c7a4c8b89f",
            "953b3cdb-ce13-428a-aa12-318726506661",
            "f62aa827-4ade-4dc4-89e4-1433d384a368",
            "b1ffa705-19a3-4b73-b9d0-0c97d0663842",
            "1b3af2f9-af8c-4dfc-a0f1-a03adb70deb2",
            "3206240f-2e87-4e58-8d24-3e19e7c83d7c",
            "a0ae0a4e-712b-4115-8112-51b9eeed9d69",
            "01986452-bdd8-4aaa-b5df-d6bf61d616ff",
        ),
    },
)

_HELP = "grant what it calls, on what it calls it"


def check(model: Model) -> Iterator[Finding]:
    """One finding for each grant of everything: on AWS to anybody, elsewhere to a machine."""
    seen: set[tuple[str, int]] = set()
    yield from google.findings(model, RULE, "administrator", _HELP)
    yield from oci.findings(model, RULE, "administrator", _HELP)
    yield from oci.findings(model, RULE, "anybody", _HELP)
    yield from _azure(model, seen)
    yield from findings(model, RULE, "everything", _HELP)


def _azure(model: Model, seen: set[tuple[str, int]]) -> Iterator[Finding]:
    """Role assignments of Azure to machines; whoever applies the code may be a person, so that is one step less."""
    for item in assignments(model):
        span = item.grant.site.span
        wide = wide_role("azure", item.grant, item.document)
        if wide is None or (span.path, span.start) in seen:
            continue
        seen.add((span.path, span.start))
        name, severity = wide
        yield RULE.finding(
            f"{item.who} is granted {name} of {LEVELS.get(item.grant.level, 'a scope that is not known')}",
            span,
            item.grant.site.address,
            severity=LESS[severity] if item.who == CALLER else severity,
            identity=item.identity.site.address if item.identity is not None else "",
            key=item.who,
            help=_HELP,
        )


BAD = (
    Example(
        "a function's role",
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
        - PolicyName: all
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow # <- RC301
                Action: "*"
                Resource: "*"
"""
        },
    ),
    Example(
        "a key with everything behind it",
        {
            "main.tf": """\
resource "aws_iam_user" "ci" {
  name = "ci"
}

resource "aws_iam_access_key" "ci" {
  user = aws_iam_user.ci.name
}

resource "aws_iam_user_policy_attachment" "ci" { # <- RC301
  user       = aws_iam_user.ci.name
  policy_arn = "arn:aws:iam::aws:policy/AdministratorAccess"
}
"""
        },
    ),
    Example(
        "an owner of a resource group",
        {
            "main.tf": """\
resource "azurerm_resource_group" "jobs" {
  name     = "jobs"
  location = "uksouth"
}

resource "azurerm_user_assigned_identity" "runbook" {
  name                = "runbook"
  resource_group_name = azurerm_resource_group.jobs.name
  location            = azurerm_resource_group.jobs.location
}

resource "azurerm_role_assignment" "runbook" { # <- RC301
  scope                = azurerm_resource_group.jobs.id
  role_definition_name = "Owner"
  principal_id         = azurerm_user_assigned_identity.runbook.principal_id
}
"""
        },
    ),
    Example(
        "a contributor to everything",
        {
            "main.tf": """\
data "azurerm_subscription" "current" {}

resource "azurerm_linux_virtual_machine" "agent" {
  name = "agent"
  identity {
    type = "SystemAssigned"
  }
}

resource "azurerm_role_assignment" "agent" { # <- RC301
  scope                = data.azurerm_subscription.current.id
  role_definition_name = "Contributor"
  principal_id         = azurerm_linux_virtual_machine.agent.identity[0].principal_id
}
"""
        },
    ),
    Example(
        "a service account that owns a project",
        {
            "main.tf": """\
resource "google_service_account" "deploy" {
  account_id = "deploy"
}

resource "google_project_iam_member" "deploy" { # <- RC301
  project = "example"
  role    = "roles/owner"
  member  = google_service_account.deploy.member
}
"""
        },
    ),
    Example(
        "a dynamic group that manages the tenancy",
        {
            "main.tf": """\
variable "tenancy_ocid" {}

resource "oci_identity_dynamic_group" "runners" {
  compartment_id = var.tenancy_ocid
  name           = "runners"
  description    = "build runners"
  matching_rule  = "ALL {resource.type = 'devopsbuildpipeline'}"
}

resource "oci_identity_policy" "runners" {
  compartment_id = var.tenancy_ocid
  name           = "runners"
  description    = "build runners"
  statements = [
    "Allow dynamic-group ${oci_identity_dynamic_group.runners.name} to read repos in tenancy",
    "Allow dynamic-group ${oci_identity_dynamic_group.runners.name} to manage all-resources in tenancy", # <- RC301
  ]
}
"""
        },
    ),
    Example(
        "one of the roles that a block of Azure gives",
        {
            "main.tf": """\
data "azurerm_subscription" "shop" {}

resource "azurerm_user_assigned_identity" "deploy" {
  name = "deploy"
}

resource "azurerm_role_assignment" "deploy" { # <- RC301
  for_each             = toset(["Owner", "Reader"])
  scope                = data.azurerm_subscription.shop.id
  role_definition_name = each.key
  principal_id         = azurerm_user_assigned_identity.deploy.principal_id
}
"""
        },
    ),
    Example(
        "a role that is given by Azure's own API",
        {
            "main.tf": """\
resource "azapi_resource" "deploy" {
  type      = "Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31"
  name      = "deploy"
  parent_id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/shop"
}

resource "azapi_resource" "owner" { # <- RC301
  type      = "Microsoft.Authorization/roleAssignments@2022-04-01"
  name      = "11111111-2222-3333-4444-555555555555"
  parent_id = "/subscriptions/00000000-0000-0000-0000-000000000000"
  body = jsonencode({
    properties = {
      principalId      = jsondecode(azapi_resource.deploy.output).properties.principalId
      principalType    = "ServicePrincipal"
      roleDefinitionId = "/providers/Microsoft.Authorization/roleDefinitions/8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
    }
  })
}
"""
        },
    ),
    Example(
        "a role of the provider awscc",
        {
            "main.tf": """\
resource "awscc_iam_role" "worker" {
  managed_policy_arns = ["arn:aws:iam::aws:policy/AdministratorAccess"] # <- RC301
  assume_role_policy_document = jsonencode({
    Statement = [{ Effect = "Allow", Principal = { Service = "lambda.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}
"""
        },
    ),
    Example(
        "a template in Terraform's own text",
        {
            "main.tf": """\
resource "aws_cloudformation_stack" "net" {
  name          = "net"
  template_body = <<-EOT
    Resources:
      Role:
        Type: AWS::IAM::Role
        Properties:
          ManagedPolicyArns: ["arn:aws:iam::aws:policy/AdministratorAccess"] # <- RC301
          AssumeRolePolicyDocument:
            Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]
  EOT
}

resource "aws_cloudformation_stack" "web" {
  name = "web"
  template_body = jsonencode({
    Resources = {
      Role = {
        Type = "AWS::IAM::Role"
        Properties = {
          ManagedPolicyArns = ["arn:aws:iam::aws:policy/AdministratorAccess"] # <- RC301
          AssumeRolePolicyDocument = {
            Statement = [{ Effect = "Allow", Principal = { Service = "ec2.amazonaws.com" }, Action = "sts:AssumeRole" }]
          }
        }
      }
    }
  })
}
"""
        },
    ),
)

GOOD = (
    Example(
        "what people sign on to, by a provider that a custom resource makes",
        {
            "stack.yaml": """\
Resources:
  Provider:
    Type: Custom::SAMLProvider
    Properties:
      ServiceToken: !ImportValue saml-provider-function
  Administrators:
    Type: AWS::IAM::Role
    Properties:
      ManagedPolicyArns: ["arn:aws:iam::aws:policy/AdministratorAccess"]
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {Federated: !Ref Provider}
            Action: sts:AssumeRoleWithSAML
            Condition: {StringEquals: {"SAML:aud": "https://signin.aws.amazon.com/saml"}}
"""
        },
    ),
    Example(
        "people, and a machine with one role",
        {
            "main.tf": """\
resource "google_service_account" "deploy" {
  account_id = "deploy"
}

resource "google_project_iam_binding" "owners" {
  project = "example"
  role    = "roles/owner"
  members = ["group:platform@example.com"]
}

resource "google_project_iam_member" "deploy" {
  project = "example"
  role    = "roles/run.developer"
  member  = google_service_account.deploy.member
}
"""
        },
    ),
    Example(
        "a reader of one vault",
        {
            "main.tf": """\
resource "azurerm_user_assigned_identity" "api" {
  name                = "api"
  resource_group_name = "api"
  location            = "uksouth"
}

resource "azurerm_role_assignment" "api" {
  scope                = azurerm_key_vault.api.id
  role_definition_name = "Key Vault Secrets User"
  principal_id         = azurerm_user_assigned_identity.api.principal_id
}

resource "azurerm_key_vault" "api" {
  name = "api"
}
"""
        },
    ),
    Example(
        "an endpoint's policy",
        {
            "stack.yaml": """\
Resources:
  Endpoint:
    Type: AWS::EC2::VPCEndpoint
    Properties:
      ServiceName: com.amazonaws.eu-west-2.dynamodb
      VpcId: vpc-0123456789abcdef0
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action: "*"
            Principal: "*"
            Resource: "*"
"""
        },
    ),
)

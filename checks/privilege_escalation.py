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
        ),
        "kics": (
            "8f3c16b3-354d-45db-8ad5-5066778a9485",
            "970ed7a2-0aca-4425-acf1-0453c9ecbca1",
            "70b42736-efee-4bce-80d5-50358ed94990",
            "3dd96caa-0b5f-4a85-b929-acfac4646cc2",
            "db78d14b-10e5-4e6e-84b1-dace6327b1ec",
            "846646e3-2af1-428c-ac5d-271eccfa6faf",
            "04c686f1-e0cd-4812-88e1-4e038410074c",
            "ec49cbfd-fae4-45f3-81b1-860526d66e3f",
            "9b0ffadc-a61f-4c2a-b1e6-68fab60f6267",
            "15e6ad8c-f420-49a6-bafb-074f5eb1ec74",
            "7d544dad-8a6c-431c-84c1-5f07fe9afc0e",
            "034d0aee-620f-4bf7-b7fb-efdf661fdb9e",
            "e77c89f6-9c85-49ea-b95b-5f960fe5be92",
            "c0c1e744-0f37-445e-924a-1846f0839f69",
            "60263b4a-6801-4587-911d-919c37ed733b",
            "7782d4b3-e23e-432b-9742-d9528432e771",
            "78f1ec6f-5659-41ea-bd48-d0a142dce4f2",
            "ad296c0d-8131-4d6b-b030-1b0e73a99ad3",
            "571254d8-aa6a-432e-9725-535d3ef04d69",
            "eda48c88-2b7d-4e34-b6ca-04c0194aee17",
            "b8a31292-509d-4b61-bc40-13b167db7e9c",
            "f906113d-cdc0-415a-ba60-609cc6daaf4d",
            "f465fff1-0a0f-457d-aa4d-1bddb6f204ff",
            "7c96920c-6fd0-449d-9a52-0aa431b6beaf",
            "5b4d4aee-ac94-4810-9611-833636e5916d",
            "9a205ba3-0dd1-42eb-8d54-2ffec836b51a",
            "ee49557d-750c-4cc1-aa95-94ab36cbefde",
            "be2aa235-bd93-4b68-978a-1cc65d49082f",
            "30b88745-eebe-4ecb-a3a9-5cf886e96204",
            "0a592060-8166-49f5-8e65-99ac6dce9871",
            "fa62ac4f-f5b9-45b9-97c1-625c8b6253ca",
            "d6047119-a0b2-4b59-a4f2-127a36fb685b",
            "eb64f1e9-f67d-4e35-8a3c-3d6a2f9efea7",
            "8f75840d-9ee7-42f3-b203-b40e3979eb12",
            "118281d0-6471-422e-a7c5-051bc667926e",
            "f1173d8c-3264-4148-9fdb-61181e031b51",
            "35ccf766-0e4d-41ed-9ec4-2dab155082b4",
            "c583f0f9-7dfd-476b-a056-f47c62b47b46",
            "9b877bd8-94b4-4c10-a060-8e0436cc09fa",
            "bf9d42c7-c2f9-4dfe-942c-c8cc8249a081",
            "6d23d87e-1c5b-4308-b224-92624300f29b",
            "e227091e-2228-4b40-b046-fc13650d8e88",
            "70cb518c-d990-46f6-bc05-44a5041493d6",
            "113208f2-a886-4526-9ecc-f3218600e12c",
            "0fd7d920-4711-46bd-aff2-d307d82cd8b7",
            "1743f5f1-0bb0-4934-acef-c80baa5dadfa",
            "19ffbe31-9d72-4379-9768-431195eae328",
            "89561b03-cb35-44a9-a7e9-8356e71606f4",
            "94fbe150-27e3-4eba-9ca6-af32865e4503",
            "8055dec2-efb8-4fe6-8837-d9bed6ff202a",
            "8bfbf7ab-d5e8-4100-8618-798956e101e0",
            "eeb4d37a-3c59-4789-a00c-1509bc3af1e5",
            "0c10d7da-85c4-4d62-b2a8-d6c104f1bd77",
            "43a41523-386a-4cb1-becb-42af6b414433",
            "33627268-1445-4385-988a-318fd9d1a512",
            "6deb34e2-5d9c-499a-801b-ea6d9eda894f",
            "b69247e5-7e73-464e-ba74-ec9b715c6e12",
        ),
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

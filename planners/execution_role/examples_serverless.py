"""Functions whose role SAM makes, and templates in JSON."""

from __future__ import annotations

from rolecall.planning.example import PlannerExample

_USER = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Bucket:
    Type: AWS::S3::Bucket

  User:
    Type: AWS::IAM::User
    Properties:
      ManagedPolicyArns:
        - arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess

  Key:
    Type: AWS::IAM::AccessKey
    Properties:
      UserName: !Ref User

  Policy:
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: reports
      Users:
        - !Ref User
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          # reports are never read again
          - Effect: Allow
            Action: s3:PutObject
            Resource: !Sub "${Bucket.Arn}/*"

  Reports:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: reports.handler
      CodeUri: src/
"""
_ENVIRONMENT = """\
      Environment:
        Variables:
          REPORTS_KEY_ID: !Ref Key
          REPORTS_SECRET_KEY: !GetAtt Key.SecretAccessKey
"""
_MOVES = {"Reports": ("aws:execution-role",), "Key": ("aws:execution-role",)}

SERVERLESS: tuple[PlannerExample, ...] = (
    PlannerExample(
        "the role that SAM makes",
        {"template.yaml": f"{_USER}      Policies: AWSXRayDaemonWriteAccess\n{_ENVIRONMENT}"},
        {"Reports": "patch", "Key": "patch"},
        _MOVES,
        patches={
            "expand": """\
diff --git a/template.yaml b/template.yaml
--- a/template.yaml
+++ b/template.yaml
@@ -34,7 +34,15 @@
       Runtime: python3.12
       Handler: reports.handler
       CodeUri: src/
-      Policies: AWSXRayDaemonWriteAccess
+      Policies:
+        - AWSXRayDaemonWriteAccess
+        - arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess
+        - Version: "2012-10-17"
+          Statement:
+            # reports are never read again
+            - Effect: Allow
+              Action: s3:PutObject
+              Resource: !Sub "${Bucket.Arn}/*"
       Environment:
         Variables:
           REPORTS_KEY_ID: !Ref Key
""",
            "migrate": """\
diff --git a/template.yaml b/template.yaml
--- a/template.yaml
+++ b/template.yaml
@@ -43,7 +43,3 @@
             - Effect: Allow
               Action: s3:PutObject
               Resource: !Sub "${Bucket.Arn}/*"
-      Environment:
-        Variables:
-          REPORTS_KEY_ID: !Ref Key
-          REPORTS_SECRET_KEY: !GetAtt Key.SecretAccessKey
""",
        },
    ),
    PlannerExample(
        "a bucket that calls the function, whose role would need the bucket",
        {
            "template.yaml": f"""\
{_USER}      Events:
        New:
          Type: S3
          Properties:
            Bucket: !Ref Bucket
            Events: s3:ObjectCreated:*
{_ENVIRONMENT}"""
        },
        {"Reports": "advice", "Key": "advice"},
        _MOVES,
        says=("Bucket and Reports would depend on each other in a circle",),
    ),
    PlannerExample(
        "SAM's role has a boundary that the user has not",
        {"template.yaml": f"{_USER}      PermissionsBoundary: arn:aws:iam::aws:policy/ReadOnlyAccess\n{_ENVIRONMENT}"},
        {"Reports": "advice", "Key": "advice"},
        _MOVES,
        says=("the permissions boundaries of the user and of Reports are not the same",),
    ),
    PlannerExample(
        "a job in JSON",
        {
            "reports.json": """\
{
    "Resources": {
        "User": {
            "Type": "AWS::IAM::User",
            "Properties": {
                "Policies": [
                    {
                        "PolicyName": "reports",
                        "PolicyDocument": {
                            "Version": "2012-10-17",
                            "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::in/*"}]
                        }
                    }
                ]
            }
        },
        "Key": {
            "Type": "AWS::IAM::AccessKey",
            "Properties": {"UserName": {"Ref": "User"}}
        },
        "Job": {
            "Type": "AWS::Batch::JobDefinition",
            "Properties": {
                "Type": "container",
                "ContainerProperties": {
                    "Image": "reports:1",
                    "ResourceRequirements": [
                        {"Type": "VCPU", "Value": "1"},
                        {"Type": "MEMORY", "Value": "2048"}
                    ],
                    "Environment": [
                        {"Name": "AWS_ACCESS_KEY_ID", "Value": {"Ref": "Key"}},
                        {"Name": "AWS_SECRET_ACCESS_KEY", "Value": {"Fn::GetAtt": ["Key", "SecretAccessKey"]}}
                    ]
                }
            }
        }
    }
}
"""
        },
        {"Job": "patch", "Key": "patch"},
        {"Job": ("aws:execution-role",), "Key": ("aws:execution-role",)},
        patches={
            "expand": """\
diff --git a/reports.json b/reports.json
--- a/reports.json
+++ b/reports.json
@@ -31,9 +31,36 @@
                     "Environment": [
                         {"Name": "AWS_ACCESS_KEY_ID", "Value": {"Ref": "Key"}},
                         {"Name": "AWS_SECRET_ACCESS_KEY", "Value": {"Fn::GetAtt": ["Key", "SecretAccessKey"]}}
-                    ]
+                    ],
+                    "JobRoleArn": {"Fn::GetAtt": ["UserRole", "Arn"]}
                 }
             }
+        },
+        "UserRole": {
+            "Type": "AWS::IAM::Role",
+            "Properties": {
+                "AssumeRolePolicyDocument": {
+                    "Version": "2012-10-17",
+                    "Statement": [
+                        {
+                            "Effect": "Allow",
+                            "Principal": {
+                                "Service": "ecs-tasks.amazonaws.com"
+                            },
+                            "Action": "sts:AssumeRole"
+                        }
+                    ]
+                },
+                "Policies": [
+                    {
+                        "PolicyName": "reports",
+                        "PolicyDocument": {
+                            "Version": "2012-10-17",
+                            "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::in/*"}]
+                        }
+                    }
+                ]
+            }
         }
     }
 }
""",
        },
    ),
)

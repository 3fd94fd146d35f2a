"""Jobs and services: Batch, App Runner, Elastic Beanstalk, in CloudFormation."""

from __future__ import annotations

from rolecall.planning.example import PlannerExample

_STACK = """\
AWSTemplateFormatVersion: "2010-09-09"
Description: Reports
Resources:
  User:
    Type: AWS::IAM::User
    Properties:
      Policies:
        - PolicyName: reports
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Action: s3:PutObject
                Resource: arn:aws:s3:::reports/*

  Key:
    Type: AWS::IAM::AccessKey
    Properties:
      UserName: !Ref User

"""

_FUNCTION = """\
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action: sts:AssumeRole
            Principal:
              Service: lambda.amazonaws.com

  Function:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.12
      Handler: index.handler
      Role: !GetAtt Role.Arn
      Environment:
        Variables:
          AWS_ACCESS_KEY_ID: !Ref Key
          AWS_SECRET_ACCESS_KEY: !GetAtt Key.SecretAccessKey
      Code:
"""

STACKS: tuple[PlannerExample, ...] = (
    PlannerExample(
        "a job in YAML",
        {
            "reports.yaml": _STACK
            + """\
  Job:
    Type: AWS::Batch::JobDefinition
    Properties:
      Type: container
      ContainerProperties:
        Image: reports:1
        ResourceRequirements:
          - Type: VCPU
            Value: "1"
          - Type: MEMORY
            Value: "2048"
        Environment:
          - Name: AWS_ACCESS_KEY_ID
            Value: !Ref Key
          - Name: AWS_SECRET_ACCESS_KEY
            Value: !GetAtt Key.SecretAccessKey
""",
        },
        {"Job": "patch", "Key": "patch"},
        {"Job": ("aws:execution-role",), "Key": ("aws:execution-role",)},
        patches={
            "expand": """\
diff --git a/reports.yaml b/reports.yaml
--- a/reports.yaml
+++ b/reports.yaml
@@ -12,6 +12,25 @@
               - Effect: Allow
                 Action: s3:PutObject
                 Resource: arn:aws:s3:::reports/*
+
+  UserRole:
+    Type: AWS::IAM::Role
+    Properties:
+      AssumeRolePolicyDocument:
+        Version: "2012-10-17"
+        Statement:
+          - Effect: Allow
+            Principal:
+              Service: ecs-tasks.amazonaws.com
+            Action: sts:AssumeRole
+      Policies:
+        - PolicyName: reports
+          PolicyDocument:
+            Version: "2012-10-17"
+            Statement:
+              - Effect: Allow
+                Action: s3:PutObject
+                Resource: arn:aws:s3:::reports/*

   Key:
     Type: AWS::IAM::AccessKey
@@ -34,3 +53,4 @@
             Value: !Ref Key
           - Name: AWS_SECRET_ACCESS_KEY
             Value: !GetAtt Key.SecretAccessKey
+        JobRoleArn: !GetAtt UserRole.Arn
""",
            "migrate": """\
diff --git a/reports.yaml b/reports.yaml
--- a/reports.yaml
+++ b/reports.yaml
@@ -48,9 +48,4 @@
             Value: "1"
           - Type: MEMORY
             Value: "2048"
-        Environment:
-          - Name: AWS_ACCESS_KEY_ID
-            Value: !Ref Key
-          - Name: AWS_SECRET_ACCESS_KEY
-            Value: !GetAtt Key.SecretAccessKey
         JobRoleArn: !GetAtt UserRole.Arn
""",
            "contract": """\
diff --git a/reports.yaml b/reports.yaml
--- a/reports.yaml
+++ b/reports.yaml
@@ -1,18 +1,6 @@
 AWSTemplateFormatVersion: "2010-09-09"
 Description: Reports
 Resources:
-  User:
-    Type: AWS::IAM::User
-    Properties:
-      Policies:
-        - PolicyName: reports
-          PolicyDocument:
-            Version: "2012-10-17"
-            Statement:
-              - Effect: Allow
-                Action: s3:PutObject
-                Resource: arn:aws:s3:::reports/*
-
   UserRole:
     Type: AWS::IAM::Role
     Properties:
@@ -32,12 +20,6 @@
                 Action: s3:PutObject
                 Resource: arn:aws:s3:::reports/*

-  Key:
-    Type: AWS::IAM::AccessKey
-    Properties:
-      Status: Inactive
-      UserName: !Ref User
-
   Job:
     Type: AWS::Batch::JobDefinition
     Properties:
""",
        },
    ),
    PlannerExample(
        "a service in YAML",
        {
            "reports.yaml": _STACK
            + """\
  Api:
    Type: AWS::AppRunner::Service
    Properties:
      SourceConfiguration:
        ImageRepository:
          ImageIdentifier: public.ecr.aws/example/api:1
          ImageRepositoryType: ECR_PUBLIC
          ImageConfiguration:
            RuntimeEnvironmentVariables:
              - Name: STAGE
                Value: live
              - Name: AWS_ACCESS_KEY_ID
                Value: !Ref Key
              - Name: AWS_SECRET_ACCESS_KEY
                Value: !GetAtt Key.SecretAccessKey
""",
        },
        {"Api": "patch", "Key": "patch"},
        {"Api": ("aws:execution-role",), "Key": ("aws:execution-role",)},
        patches={
            "expand": """\
diff --git a/reports.yaml b/reports.yaml
--- a/reports.yaml
+++ b/reports.yaml
@@ -12,6 +12,25 @@
               - Effect: Allow
                 Action: s3:PutObject
                 Resource: arn:aws:s3:::reports/*
+
+  UserRole:
+    Type: AWS::IAM::Role
+    Properties:
+      AssumeRolePolicyDocument:
+        Version: "2012-10-17"
+        Statement:
+          - Effect: Allow
+            Principal:
+              Service: tasks.apprunner.amazonaws.com
+            Action: sts:AssumeRole
+      Policies:
+        - PolicyName: reports
+          PolicyDocument:
+            Version: "2012-10-17"
+            Statement:
+              - Effect: Allow
+                Action: s3:PutObject
+                Resource: arn:aws:s3:::reports/*

   Key:
     Type: AWS::IAM::AccessKey
@@ -33,3 +52,5 @@
                 Value: !Ref Key
               - Name: AWS_SECRET_ACCESS_KEY
                 Value: !GetAtt Key.SecretAccessKey
+      InstanceConfiguration:
+        InstanceRoleArn: !GetAtt UserRole.Arn
""",
            "migrate": """\
diff --git a/reports.yaml b/reports.yaml
--- a/reports.yaml
+++ b/reports.yaml
@@ -48,9 +48,5 @@
             RuntimeEnvironmentVariables:
               - Name: STAGE
                 Value: live
-              - Name: AWS_ACCESS_KEY_ID
-                Value: !Ref Key
-              - Name: AWS_SECRET_ACCESS_KEY
-                Value: !GetAtt Key.SecretAccessKey
       InstanceConfiguration:
         InstanceRoleArn: !GetAtt UserRole.Arn
""",
        },
    ),
    PlannerExample(
        "an environment in YAML",
        {
            "reports.yaml": _STACK
            + """\
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal:
              Service: ec2.amazonaws.com
            Action: sts:AssumeRole

  Profile:
    Type: AWS::IAM::InstanceProfile
    Properties:
      Roles:
        - !Ref Role

  Web:
    Type: AWS::ElasticBeanstalk::Environment
    Properties:
      ApplicationName: reports
      OptionSettings:
        - Namespace: aws:autoscaling:launchconfiguration
          OptionName: IamInstanceProfile
          Value: !Ref Profile
        - Namespace: aws:elasticbeanstalk:application:environment
          OptionName: AWS_ACCESS_KEY_ID
          Value: !Ref Key
        - Namespace: aws:elasticbeanstalk:application:environment
          OptionName: AWS_SECRET_KEY
          Value: !GetAtt Key.SecretAccessKey
""",
        },
        {"Web": "patch", "Key": "patch"},
        {"Web": ("aws:instance-profile",), "Key": ("aws:instance-profile",)},
        patches={
            "expand": """\
diff --git a/reports.yaml b/reports.yaml
--- a/reports.yaml
+++ b/reports.yaml
@@ -28,6 +28,14 @@
             Principal:
               Service: ec2.amazonaws.com
             Action: sts:AssumeRole
+      Policies:
+        - PolicyName: reports
+          PolicyDocument:
+            Version: "2012-10-17"
+            Statement:
+              - Effect: Allow
+                Action: s3:PutObject
+                Resource: arn:aws:s3:::reports/*

   Profile:
     Type: AWS::IAM::InstanceProfile
""",
            "migrate": """\
diff --git a/reports.yaml b/reports.yaml
--- a/reports.yaml
+++ b/reports.yaml
@@ -51,9 +51,3 @@
         - Namespace: aws:autoscaling:launchconfiguration
           OptionName: IamInstanceProfile
           Value: !Ref Profile
-        - Namespace: aws:elasticbeanstalk:application:environment
-          OptionName: AWS_ACCESS_KEY_ID
-          Value: !Ref Key
-        - Namespace: aws:elasticbeanstalk:application:environment
-          OptionName: AWS_SECRET_KEY
-          Value: !GetAtt Key.SecretAccessKey
""",
        },
    ),
    PlannerExample(
        "a program may use the words of a template",
        {
            "reports.yaml": _STACK
            + _FUNCTION
            + """\
        ZipFile: |
          import boto3
          def handler(event, context):
              boto3.client("s3").put_object(Bucket="reports", Key=event["User"], Body=b"")
"""
        },
        {"Function": "patch", "Key": "patch"},
        {"Function": ("aws:execution-role",), "Key": ("aws:execution-role",)},
    ),
    PlannerExample(
        "a text that is filled in names the user",
        {
            "reports.yaml": _STACK
            + _FUNCTION
            + """\
        ZipFile: !Sub |
          def handler(event, context):
              print("reports are written by ${User}")
"""
        },
        {"Function": "patch", "Key": "partial"},
        {"Function": ("aws:execution-role",), "Key": ("aws:execution-role",)},
        says=("still names it",),
    ),
)

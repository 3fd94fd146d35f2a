"""Instances of CloudFormation templates."""

from __future__ import annotations

from rolecall.planning.example import PlannerExample

STACKS: tuple[PlannerExample, ...] = (
    PlannerExample(
        "a script in a literal block",
        {
            "terminal.yaml": """\
AWSTemplateFormatVersion: "2010-09-09"
Resources:
  InstallerUser:
    Type: AWS::IAM::User
    Properties:
      Path: /

  InstallerKey:
    Type: AWS::IAM::AccessKey
    Properties:
      UserName: !Ref InstallerUser

  InstallerPolicy:
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: installer
      Users: [!Ref InstallerUser]
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action: s3:GetObject
            Resource: arn:aws:s3:::installers/*

  Terminal:
    Type: AWS::EC2::Instance
    Properties:
      ImageId: ami-0123456789abcdef0
      InstanceType: t3.micro
      UserData:
        Fn::Base64: !Sub |
          #!/bin/bash
          export AWS_ACCESS_KEY_ID=${InstallerKey}
          export AWS_SECRET_ACCESS_KEY=${InstallerKey.SecretAccessKey}
          /opt/install
""",
        },
        {"Terminal": "patch", "InstallerKey": "patch"},
        {"Terminal": ("aws:instance-profile",), "InstallerKey": ("aws:instance-profile",)},
        patches={
            "expand": """\
diff --git a/terminal.yaml b/terminal.yaml
--- a/terminal.yaml
+++ b/terminal.yaml
@@ -15,18 +15,39 @@
     Properties:
       PolicyName: installer
       Users: [!Ref InstallerUser]
+      Roles:
+        - !Ref InstallerUserRole
       PolicyDocument:
         Version: "2012-10-17"
         Statement:
           - Effect: Allow
             Action: s3:GetObject
             Resource: arn:aws:s3:::installers/*
+
+  InstallerUserRole:
+    Type: AWS::IAM::Role
+    Properties:
+      AssumeRolePolicyDocument:
+        Version: "2012-10-17"
+        Statement:
+          - Effect: Allow
+            Principal:
+              Service: ec2.amazonaws.com
+            Action: sts:AssumeRole
+      Path: /
+
+  InstallerUserProfile:
+    Type: AWS::IAM::InstanceProfile
+    Properties:
+      Roles:
+        - !Ref InstallerUserRole

   Terminal:
     Type: AWS::EC2::Instance
     Properties:
       ImageId: ami-0123456789abcdef0
       InstanceType: t3.micro
+      IamInstanceProfile: !Ref InstallerUserProfile
       UserData:
         Fn::Base64: !Sub |
           #!/bin/bash
""",
            "migrate": """\
diff --git a/terminal.yaml b/terminal.yaml
--- a/terminal.yaml
+++ b/terminal.yaml
@@ -51,6 +51,4 @@
       UserData:
         Fn::Base64: !Sub |
           #!/bin/bash
-          export AWS_ACCESS_KEY_ID=${InstallerKey}
-          export AWS_SECRET_ACCESS_KEY=${InstallerKey.SecretAccessKey}
           /opt/install
""",
            "soak": """\
diff --git a/terminal.yaml b/terminal.yaml
--- a/terminal.yaml
+++ b/terminal.yaml
@@ -8,6 +8,7 @@
   InstallerKey:
     Type: AWS::IAM::AccessKey
     Properties:
+      Status: Inactive
       UserName: !Ref InstallerUser

   InstallerPolicy:
""",
            "contract": """\
diff --git a/terminal.yaml b/terminal.yaml
--- a/terminal.yaml
+++ b/terminal.yaml
@@ -1,21 +1,9 @@
 AWSTemplateFormatVersion: "2010-09-09"
 Resources:
-  InstallerUser:
-    Type: AWS::IAM::User
-    Properties:
-      Path: /
-
-  InstallerKey:
-    Type: AWS::IAM::AccessKey
-    Properties:
-      Status: Inactive
-      UserName: !Ref InstallerUser
-
   InstallerPolicy:
     Type: AWS::IAM::Policy
     Properties:
       PolicyName: installer
-      Users: [!Ref InstallerUser]
       Roles:
         - !Ref InstallerUserRole
       PolicyDocument:
""",
        },
    ),
    PlannerExample(
        "policies of the user's own",
        {
            "terminal.yaml": """\
AWSTemplateFormatVersion: "2010-09-09"
Resources:
  InstallerUser:
    Type: AWS::IAM::User
    Properties:
      Path: /
      Policies:
        - PolicyName: installer
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Action: s3:GetObject
                Resource: arn:aws:s3:::installers/*

  InstallerKey:
    Type: AWS::IAM::AccessKey
    Properties:
      UserName: !Ref InstallerUser

  Terminal:
    Type: AWS::EC2::Instance
    Properties:
      ImageId: ami-0123456789abcdef0
      InstanceType: t3.micro
      UserData:
        Fn::Base64: !Sub |
          #!/bin/bash
          export AWS_ACCESS_KEY_ID=${InstallerKey}
          export AWS_SECRET_ACCESS_KEY=${InstallerKey.SecretAccessKey}
          /opt/install
""",
        },
        {"Terminal": "patch", "InstallerKey": "patch"},
        {"Terminal": ("aws:instance-profile",), "InstallerKey": ("aws:instance-profile",)},
        patches={
            "expand": """\
diff --git a/terminal.yaml b/terminal.yaml
--- a/terminal.yaml
+++ b/terminal.yaml
@@ -12,6 +12,32 @@
               - Effect: Allow
                 Action: s3:GetObject
                 Resource: arn:aws:s3:::installers/*
+
+  InstallerUserRole:
+    Type: AWS::IAM::Role
+    Properties:
+      AssumeRolePolicyDocument:
+        Version: "2012-10-17"
+        Statement:
+          - Effect: Allow
+            Principal:
+              Service: ec2.amazonaws.com
+            Action: sts:AssumeRole
+      Path: /
+      Policies:
+        - PolicyName: installer
+          PolicyDocument:
+            Version: "2012-10-17"
+            Statement:
+              - Effect: Allow
+                Action: s3:GetObject
+                Resource: arn:aws:s3:::installers/*
+
+  InstallerUserProfile:
+    Type: AWS::IAM::InstanceProfile
+    Properties:
+      Roles:
+        - !Ref InstallerUserRole

   InstallerKey:
     Type: AWS::IAM::AccessKey
@@ -23,6 +49,7 @@
     Properties:
       ImageId: ami-0123456789abcdef0
       InstanceType: t3.micro
+      IamInstanceProfile: !Ref InstallerUserProfile
       UserData:
         Fn::Base64: !Sub |
           #!/bin/bash
""",
            "migrate": """\
diff --git a/terminal.yaml b/terminal.yaml
--- a/terminal.yaml
+++ b/terminal.yaml
@@ -53,6 +53,4 @@
       UserData:
         Fn::Base64: !Sub |
           #!/bin/bash
-          export AWS_ACCESS_KEY_ID=${InstallerKey}
-          export AWS_SECRET_ACCESS_KEY=${InstallerKey.SecretAccessKey}
           /opt/install
""",
        },
    ),
    PlannerExample(
        "a script joined from a list",
        {
            "terminal.yaml": """\
AWSTemplateFormatVersion: "2010-09-09"
Resources:
  InstallerUser:
    Type: AWS::IAM::User
    Properties:
      Path: /

  InstallerKey:
    Type: AWS::IAM::AccessKey
    Properties:
      UserName: !Ref InstallerUser

  InstallerPolicy:
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: installer
      Users: [!Ref InstallerUser]
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action: s3:GetObject
            Resource: arn:aws:s3:::installers/*

  Terminal:
    Type: AWS::EC2::Instance
    Properties:
      ImageId: ami-0123456789abcdef0
      InstanceType: t3.micro
      UserData:
        Fn::Base64: !Join
          - ""
          - - "#!/bin/bash\\n"
            - "export AWS_ACCESS_KEY_ID="
            - !Ref InstallerKey
            - "\\n"
            - "export AWS_SECRET_ACCESS_KEY="
            - !GetAtt InstallerKey.SecretAccessKey
            - "\\n"
            - "/opt/install\\n"
""",
        },
        {"Terminal": "patch", "InstallerKey": "patch"},
        {"Terminal": ("aws:instance-profile",), "InstallerKey": ("aws:instance-profile",)},
        patches={
            "migrate": """\
diff --git a/terminal.yaml b/terminal.yaml
--- a/terminal.yaml
+++ b/terminal.yaml
@@ -52,10 +52,4 @@
         Fn::Base64: !Join
           - ""
           - - "#!/bin/bash\\n"
-            - "export AWS_ACCESS_KEY_ID="
-            - !Ref InstallerKey
-            - "\\n"
-            - "export AWS_SECRET_ACCESS_KEY="
-            - !GetAtt InstallerKey.SecretAccessKey
-            - "\\n"
             - "/opt/install\\n"
""",
        },
    ),
)

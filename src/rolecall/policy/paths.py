"""Published ways from a permission to more permissions.

Sources: the catalogue of https://pathfinding.cloud (its ids are used here), Rhino Security Labs' list of AWS privilege
escalation methods (https://github.com/RhinoSecurityLabs/AWS-IAM-Privilege-Escalation), and the actions that AWS's
service authorization reference names as dependent on iam:PassRole.
"""

from __future__ import annotations

from typing import Literal

from rolecall.source.records import dataclass

Kind = Literal["grant", "pass", "take-over"]


@dataclass(frozen=True, slots=True)
class Path:
    """One way.

    `pivots` must reach everything (or, with `itself`, the principal's own user, role or policy); of each group in
    `also` one action must be allowed on something.  A `pass` path passes any role to one of `services` by iam:PassRole
    on top of that.  `kind` says how sure it is: a grant always works, a passed role has to trust the service, a
    take-over needs something there that has a better role.
    """

    id: str
    kind: Kind
    pivots: tuple[str, ...] = ()
    also: tuple[tuple[str, ...], ...] = ()
    services: tuple[str, ...] = ()
    itself: bool = False


def _grant(id: str, *actions: str, itself: bool = False) -> Path:
    return Path(id, "grant", actions, itself=itself)


def _pass(id: str, services: str, *also: str) -> Path:
    """`also` are groups of actions, alternatives parted by `|`."""
    return Path(id, "pass", (), tuple(tuple(group.split("|")) for group in also), tuple(services.split()))


def _take(id: str, *pivots: str) -> Path:
    return Path(id, "take-over", pivots)


_EC2 = "ec2.amazonaws.com"
_TASKS = "ecs-tasks.amazonaws.com"
_STACKS = "cloudformation.amazonaws.com"
_GLUE = "glue.amazonaws.com"
_MAKER = "sagemaker.amazonaws.com"
_BUILD = "codebuild.amazonaws.com"
_FUNCTION = "lambda.amazonaws.com"

PATHS: tuple[Path, ...] = (
    # Rights over rights
    _grant("iam-001", "iam:CreatePolicyVersion", itself=True),
    _grant("iam-set-default", "iam:SetDefaultPolicyVersion", itself=True),
    _grant("iam-002", "iam:CreateAccessKey"),
    _grant("iam-004", "iam:CreateLoginProfile"),
    _grant("iam-005", "iam:PutRolePolicy", itself=True),
    _grant("iam-006", "iam:UpdateLoginProfile"),
    _grant("iam-007", "iam:PutUserPolicy", itself=True),
    _grant("iam-008", "iam:AttachUserPolicy", itself=True),
    _grant("iam-009", "iam:AttachRolePolicy", itself=True),
    _grant("iam-010", "iam:AttachGroupPolicy"),
    _grant("iam-011", "iam:PutGroupPolicy"),
    _grant("iam-012", "iam:UpdateAssumeRolePolicy"),
    _grant("iam-013", "iam:AddUserToGroup"),
    # A role handed to something new
    _pass("lambda-001", _FUNCTION, "lambda:CreateFunction", "lambda:InvokeFunction|lambda:AddPermission"),
    _pass("lambda-002", _FUNCTION, "lambda:CreateFunction", "lambda:CreateEventSourceMapping"),
    _pass("lambda-url", _FUNCTION, "lambda:CreateFunction", "lambda:CreateFunctionUrlConfig"),
    _pass("lambda-configure", _FUNCTION, "lambda:UpdateFunctionConfiguration", "lambda:UpdateFunctionCode"),
    _pass("ec2-001", _EC2, "ec2:RunInstances"),
    _pass("ec2-003", _EC2, "ec2:RequestSpotInstances|ec2:RequestSpotFleet"),
    _pass("ec2-fleet", _EC2, "ec2:CreateLaunchTemplate|ec2:CreateLaunchTemplateVersion", "ec2:CreateFleet"),
    _pass("ec2-associate", _EC2, "ec2:AssociateIamInstanceProfile|ec2:ReplaceIamInstanceProfileAssociation"),
    _pass(
        "autoscaling-001",
        _EC2,
        "autoscaling:CreateLaunchConfiguration|ec2:CreateLaunchTemplate",
        "autoscaling:CreateAutoScalingGroup|autoscaling:UpdateAutoScalingGroup",
    ),
    _pass("cloudformation-001", _STACKS, "cloudformation:CreateStack"),
    _pass("cloudformation-003", _STACKS, "cloudformation:CreateStackSet", "cloudformation:CreateStackInstances"),
    _pass("cloudformation-004", _STACKS, "cloudformation:UpdateStackSet"),
    _pass("codebuild-001", _BUILD, "codebuild:CreateProject|codebuild:UpdateProject", "codebuild:StartBuild"),
    _pass("codebuild-004", _BUILD, "codebuild:CreateProject|codebuild:UpdateProject", "codebuild:StartBuildBatch"),
    _pass("codepipeline-001", "codepipeline.amazonaws.com", "codepipeline:CreatePipeline|codepipeline:UpdatePipeline"),
    _pass(
        "datapipeline-001",
        f"datapipeline.amazonaws.com elasticmapreduce.amazonaws.com {_EC2}",
        "datapipeline:CreatePipeline",
        "datapipeline:PutPipelineDefinition",
        "datapipeline:ActivatePipeline",
    ),
    _pass("ecs-003", _TASKS, "ecs:RegisterTaskDefinition", "ecs:CreateService|ecs:UpdateService"),
    _pass("ecs-004", _TASKS, "ecs:RegisterTaskDefinition", "ecs:RunTask|ecs:StartTask"),
    _pass("batch-001", _TASKS, "batch:RegisterJobDefinition", "batch:SubmitJob"),
    _pass("glue-001", _GLUE, "glue:CreateDevEndpoint"),
    _pass("glue-003", _GLUE, "glue:CreateJob|glue:UpdateJob", "glue:StartJobRun|glue:CreateTrigger"),
    _pass("glue-session", _GLUE, "glue:CreateSession", "glue:RunStatement"),
    _pass("sagemaker-001", _MAKER, "sagemaker:CreateNotebookInstance"),
    _pass("sagemaker-002", _MAKER, "sagemaker:CreateTrainingJob"),
    _pass("sagemaker-003", _MAKER, "sagemaker:CreateProcessingJob"),
    _pass("sagemaker-pipeline", _MAKER, "sagemaker:CreatePipeline|sagemaker:UpdatePipeline"),
    _pass("apprunner-001", "tasks.apprunner.amazonaws.com apprunner.amazonaws.com", "apprunner:CreateService"),
    _pass(
        "bedrock-001",
        "bedrock-agentcore.amazonaws.com",
        "bedrock-agentcore:CreateCodeInterpreter",
        "bedrock-agentcore:StartCodeInterpreterSession",
        "bedrock-agentcore:InvokeCodeInterpreter",
    ),
    _pass("states-001", "states.amazonaws.com", "states:CreateStateMachine|states:UpdateStateMachine"),
    _pass("scheduler-001", "scheduler.amazonaws.com", "scheduler:CreateSchedule|scheduler:UpdateSchedule"),
    _pass("pipes-001", "pipes.amazonaws.com", "pipes:CreatePipe|pipes:UpdatePipe"),
    _pass("ssm-automation", "ssm.amazonaws.com", "ssm:StartAutomationExecution"),
    _pass("emr-001", f"elasticmapreduce.amazonaws.com {_EC2}", "elasticmapreduce:RunJobFlow"),
    _pass("emr-serverless-001", "emr-serverless.amazonaws.com", "emr-serverless:StartJobRun"),
    _pass("beanstalk-001", f"elasticbeanstalk.amazonaws.com {_EC2}", "elasticbeanstalk:CreateEnvironment"),
    _pass("airflow-001", "airflow.amazonaws.com airflow-env.amazonaws.com", "airflow:CreateEnvironment"),
    _pass("imagebuilder-001", _EC2, "imagebuilder:CreateInfrastructureConfiguration", "imagebuilder:CreateImage"),
    _pass("flink-001", "kinesisanalytics.amazonaws.com", "kinesisanalytics:CreateApplication"),
    _pass("gamelift-001", "gamelift.amazonaws.com", "gamelift:CreateFleet|gamelift:CreateBuild"),
    _pass("amplify-001", "amplify.amazonaws.com", "amplify:CreateApp|amplify:UpdateApp"),
    # What runs already, with the role that it has
    _take("lambda-003", "lambda:UpdateFunctionCode"),
    _take("apprunner-002", "apprunner:UpdateService"),
    _take("bedrock-002", "bedrock-agentcore:StartCodeInterpreterSession", "bedrock-agentcore:InvokeCodeInterpreter"),
    _take("cloudformation-002", "cloudformation:UpdateStack"),
    _take("cloudformation-005", "cloudformation:CreateChangeSet", "cloudformation:ExecuteChangeSet"),
    _take("codebuild-002", "codebuild:StartBuild"),
    _take("codebuild-003", "codebuild:StartBuildBatch"),
    _take("ec2-002", "ec2:ModifyInstanceAttribute", "ec2:StopInstances", "ec2:StartInstances"),
    _take("ec2-004", "ec2:CreateLaunchTemplateVersion", "ec2:ModifyLaunchTemplate"),
    _take("ec2instanceconnect-003", "ec2-instance-connect:SendSSHPublicKey"),
    _take("ecs-exec", "ecs:ExecuteCommand"),
    _take("glue-002", "glue:UpdateDevEndpoint"),
    _take("sagemaker-004", "sagemaker:CreatePresignedNotebookInstanceUrl"),
    _take(
        "sagemaker-005",
        "sagemaker:CreateNotebookInstanceLifecycleConfig",
        "sagemaker:StopNotebookInstance",
        "sagemaker:UpdateNotebookInstance",
        "sagemaker:StartNotebookInstance",
    ),
    _take("ssm-001", "ssm:StartSession"),
    _take("ssm-002", "ssm:SendCommand"),
    _take("sts-001", "sts:AssumeRole"),
)

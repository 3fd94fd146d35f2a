"""What the migration of each platform needs, shows, and cannot do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Notes:
    """`needs` must be true before the key goes, `verify` is looked at after it.

    `without_role` is the step where the code names no role (with `command`, and `check` to see that it is done);
    `refuses` says why no patch may take the key away there, `by_hand` what people do instead.
    """

    verify: str = "run it once; CloudTrail shows its calls under the role"
    needs: tuple[str, ...] = ()
    without_role: str = ""
    command: str = ""
    check: str = "the workload's calls succeed, and CloudTrail shows them under the role"
    refuses: str = ""
    by_hand: str = ""


#: By platform.  Sources: the user guides of the services, and which arguments of the aws provider force a new resource
#: (`aws_sagemaker_model.primary_container`, `aws_emr_cluster.configurations_json` and `bootstrap_action`).
PLATFORM_NOTES: Mapping[str, Notes] = {
    "lambda": Notes(
        "invoke it once; CloudTrail shows its calls as userIdentity.type AssumedRole",
        ("the released code no longer reads the variables; published versions keep their old environment",),
    ),
    "codebuild": Notes("start a build with `aws sts get-caller-identity` in it: the ARN is the service role's"),
    "batch": Notes(
        "submit a job of the new revision with `aws sts get-caller-identity`: the ARN is the job role's",
        (
            "no submitter names an old revision or sets the key by containerOverrides (schedules, Step Functions, "
            "scripts); queued jobs keep the revision they were submitted with",
        ),
    ),
    "glue": Notes(
        "start a run; CloudTrail shows its calls under the job's role",
        (
            "no trigger, workflow or start-job-run call passes the key as an argument, and the script sets no "
            "fs.s3a.access.key",
        ),
    ),
    "sagemaker": Notes(
        "invoke the endpoint or start the notebook; CloudTrail shows its calls under the execution role",
        (
            "a changed environment makes a new model: endpoint configurations that name it are made anew, so give both "
            "create_before_destroy and no fixed name; a notebook is stopped and started",
        ),
        "let the notebook instances that use this configuration run as a role with the user's policies (role_arn)",
        "aws sagemaker list-notebook-instances --notebook-instance-lifecycle-config-name-contains NAME",
    ),
    "apprunner": Notes(
        "after the deployment CloudTrail shows its calls under the instance role",
        ("a deployment may run: a changed configuration starts one",),
    ),
    "amplify": Notes(
        without_role="give the app a service role with the user's policies (iam_service_role_arn), which the builds "
        "of all its branches take",
        command="aws amplify get-app --app-id APP --query app.iamServiceRoleArn",
    ),
    "datasync": Notes(
        "run the task once; it ends in SUCCESS, and the agent's log names no access key",
        without_role="where the store is Amazon S3 itself, replace the location by aws_datasync_location_s3 with "
        "s3_config.bucket_access_role_arn (a role that datasync.amazonaws.com may assume); where it is "
        "another provider's store, it takes keys only: keep them in a secret and rotate them",
        command="aws datasync describe-location-object-storage --location-arn ARN",
        check="the task that names the new location runs with the same verified count of files",
    ),
    "dms": Notes(
        "run the task once; the endpoint's connection test succeeds",
        ("the replication task is stopped: an endpoint cannot be changed while one runs",),
        "give the endpoint a role that dms.amazonaws.com may assume (service_access_role), with the user's policies",
        "aws dms describe-endpoints --filters Name=endpoint-id,Values=ID",
    ),
    "beanstalk": Notes(
        "on an instance: `aws sts get-caller-identity` shows the role of the instance profile, and "
        "/opt/elasticbeanstalk/bin/get-config environment lists no key",
        (
            "a window: changed settings restart the application servers, or replace the instances, as the deployment "
            "policy says",
            "no saved configuration, .ebextensions file or `eb setenv` sets the key again",
        ),
        "give the environment an instance profile of its own (setting aws:autoscaling:launchconfiguration, "
        "IamInstanceProfile): a role that ec2.amazonaws.com may assume, with the user's policies and the "
        "AWSElasticBeanstalkWebTier or WorkerTier policy that the platform itself needs",
        "aws elasticbeanstalk describe-configuration-settings --environment-name ENV --application-name APP "
        "--query \"ConfigurationSettings[].OptionSettings[?OptionName=='IamInstanceProfile']\"",
    ),
    "emr": Notes(
        without_role="give the cluster an instance profile with the user's policies (ec2_attributes.instance_profile)",
        refuses="changed configurations or bootstrap actions replace the whole cluster, with what is on its disks",
        by_hand="make the next cluster without the key in its configuration, after its instance profile has the "
        "user's policies; move the steps to it, then end this one",
    ),
}

"""What people do to reach a target that no planner writes patches for: the steps, by target word.

Sources: https://cloud.google.com/iam/docs/workload-identity-federation-with-deployment-pipelines,
https://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity,
https://cloud.google.com/iam/docs/keys-disable-enable,
https://learn.microsoft.com/entra/workload-id/workload-identity-federation
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from rolecall.planning.case import Case, Use
from rolecall.planning.migration import Handover
from rolecall.planning.verdicts.azure_steps import AZURE, AZURE_PLATFORMS
from rolecall.planning.verdicts.oci_steps import KEPT, OCI

#: (what, who, command, how to see that it is done) by target.
STEPS: Mapping[str, tuple[tuple[str, str, str, str], ...]] = {
    "gcp:workload-identity-federation": (
        (
            "create a workload identity pool and a provider for the issuer of where it runs (the pipeline's, the "
            "cluster's, AWS by account, or for machines of your own the authority of their certificates by "
            "create-x509), with an attribute condition that pins the repository, service account or role",
            "the owner of the project",
            "gcloud iam workload-identity-pools providers describe PROVIDER --workload-identity-pool POOL "
            "--location global",
            "the provider has an attribute condition",
        ),
        (
            "let that one principal impersonate the service account: roles/iam.workloadIdentityUser on the "
            "account, for a "
            "principalSet that names it, never for the whole pool",
            "the owner of the service account",
            "gcloud iam service-accounts get-iam-policy ACCOUNT",
            "only the one principal is listed",
        ),
        (
            "give the consumer the external_account configuration in place of the key "
            "(google-github-actions/auth with "
            "workload_identity_provider and service_account, or gcloud iam workload-identity-pools "
            "create-cred-config)",
            "the consumer's owner",
            "",
            "it works with GOOGLE_APPLICATION_CREDENTIALS pointing at a file without a private key",
        ),
    ),
    "gcp:gke-workload-identity": (
        (
            "annotate the Kubernetes service account with iam.gke.io/gcp-service-account and let it impersonate "
            "the account "
            "(roles/iam.workloadIdentityUser for PROJECT.svc.id.goog[NAMESPACE/NAME]); the cluster needs a "
            "workload pool",
            "the owner of the cluster",
            "gcloud container clusters describe CLUSTER --format='value(workloadIdentityConfig.workloadPool)'",
            "a workload pool is printed",
        ),
        (
            "take the key's volume and GOOGLE_APPLICATION_CREDENTIALS out of the pods: while they are there they "
            "hide the identity",
            "the consumer's owner",
            "",
            "the metadata server names the service account inside the pod",
        ),
    ),
    "gcp:attached-service-account": (
        (
            "attach the service account to the workload itself, then take the key out of its configuration: "
            "while it is there "
            "it hides the attached account",
            "the consumer's owner",
            "curl -H 'Metadata-Flavor: Google' "
            "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/email",
            "the metadata server names the service account",
        ),
    ),
    "gcp:impersonation": (
        (
            "replace credentials by impersonate_service_account in the provider and the backend, and let whoever "
            "runs Terraform "
            "impersonate it (roles/iam.serviceAccountTokenCreator on the account); in a pipeline, after a "
            "federated login",
            "whoever runs Terraform",
            "terraform plan",
            "the plan is empty with the key file gone",
        ),
    ),
    **OCI,
    **AZURE,
}

#: The same by cloud and the consumer's platform, beside those of the target.
AT: Mapping[tuple[str, str], tuple[tuple[str, str, str, str], ...]] = {
    ("azure", platform): steps for platform, steps in AZURE_PLATFORMS.items()
}

#: What else may be right for a consumer, by the credential's cloud and the consumer's platform.
ALSO: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("oci", "terraform"): ("oci:instance-principal",),
    ("gcp", "terraform"): ("gcp:workload-identity-federation",),
}

#: What people do with a credential that stays, beside narrowing and rotating it: (what, who, command, how to see that
#: it is done) by its cloud and class.  https://cloud.google.com/docs/authentication/api-keys and
#: https://cloud.google.com/api-keys/docs/add-restrictions-api-keys
KEPT_STEPS: Mapping[tuple[str, str], tuple[tuple[str, str, str, str], ...]] = {
    **KEPT,
    ("gcp", "api-key"): (
        (
            "see which APIs are called with it: in Metrics Explorer, serviceruntime.googleapis.com/api/request_count "
            "over 30 days, by credential_id (apikey:UID) and service",
            "the owner of the project",
            "gcloud services api-keys list --format='table(displayName,uid,restrictions)'",
            "every service that is listed has a reason",
        ),
        (
            "where a server calls them, let it use its service account (Application Default Credentials) and retire "
            "the key; a key is for clients that can have no account",
            "the application's team",
            "",
            "the request count of the key from servers is zero",
        ),
        (
            "restrict what is left: restrictions { api_targets { service = … } } for exactly these APIs, and one of "
            "server_key_restrictions { allowed_ips }, browser_key_restrictions { allowed_referrers }, "
            "android_key_restrictions or ios_key_restrictions",
            "the owner of the key",
            "gcloud services api-keys update KEY_ID --api-target=service=SERVICE --allowed-ips=ADDRESS",
            "a call of another API, or from another place, is refused",
        ),
    ),
}

#: https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/microsoft-storage-storageaccounts-metrics
_TRANSACTIONS = (
    "az monitor metrics list --resource STORAGE_ACCOUNT_ID --metric Transactions --aggregation Total --interval P1D "
    "--start-time FROM --end-time TO --filter \"Authentication eq '*'\""
)
#: https://docs.oracle.com/iaas/Content/Audit/Reference/logeventreference.htm (data.identity.credentials)
_OCI_AUDIT = (
    "oci audit event list --compartment-id COMPARTMENT_OCID --start-time FROM --end-time TO --all --query "
    '"data[?contains(not_null(data.identity.credentials, \'\'), \'{}\')].[\\"event-time\\", data.\\"event-name\\"]"'
)

_USER = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
#: How to see when a credential was last used.
LAST_USE: Mapping[tuple[str, str], str] = {
    ("azure", "client-secret"): "az monitor log-analytics query --workspace WORKSPACE --analytics-query "
    "\"AADServicePrincipalSignInLogs | where AppId == 'APP_ID' | summarize max(TimeGenerated), count() by "
    'ServicePrincipalCredentialKeyId"',
    ("aws", "password"): "aws cloudtrail lookup-events --lookup-attributes AttributeKey=Username,AttributeValue=USER",
    ("azure", "access-key"): _TRANSACTIONS,
    ("azure", "sas"): _TRANSACTIONS,
    ("gcp", "service-account-key"): "gcloud policy-intelligence query-activity --project PROJECT "
    "--activity-type serviceAccountKeyLastAuthentication",
    ("gcp", "access-key"): 'curl -sG -H "Authorization: Bearer $(gcloud auth print-access-token)" '
    "https://monitoring.googleapis.com/v3/projects/PROJECT/timeSeries --data-urlencode "
    '\'filter=metric.type="storage.googleapis.com/authn/authentication_count" AND '
    'metric.labels.access_id="ACCESS_ID"\' -d interval.startTime=FROM -d interval.endTime=TO',
    ("oci", "api-key"): _OCI_AUDIT.format("FINGERPRINT"),
    ("oci", "access-key"): _OCI_AUDIT.format("KEY_ID"),
}


def last_use(case: Case) -> Handover:
    """Asking when a key was last used, and by whom."""
    credential = case.credential
    if credential.cloud != "aws" or credential.cls != "access-key":
        return Handover(
            "find out when this key was last used, and by whom",
            credential.site.address,
            "the owner of the project",
            LAST_USE.get((credential.cloud, credential.cls), ""),
            "no use for longer than the longest schedule: switch it off, then delete it",
        )
    return Handover(
        "ask AWS when this key was last used, and for what; for calls of the last 90 days CloudTrail says from which "
        "address and by which program, which is who holds it",
        credential.site.address,
        "the owner of the account",
        "aws iam get-access-key-last-used --access-key-id KEY_ID; aws cloudtrail lookup-events --lookup-attributes "
        "AttributeKey=AccessKeyId,AttributeValue=KEY_ID --query 'Events[].CloudTrailEvent'",
        "no use for longer than the longest schedule: soak, then delete",
    )


def then_delete(case: Case) -> Handover:
    """The end of a key that nobody is seen to use, once it was switched off: for people, since nobody can prove that
    there is no consumer.
    """
    site, owner = case.credential.site, case.owner
    with_it = f" (and {owner.site.address} with its grants, where it has no other key)" if owner is not None else ""
    return Handover(
        "when it has been Inactive for 14 days, and for longer than the longest schedule of anything that may hold it, "
        f"and nobody has missed it, take {site.address}{with_it} out of the code and apply: there is no way back then",
        str(case.credential.span),
        "the owner of the user",
        f"aws iam list-access-keys --user-name {user_word(case)}",
        "the list says Inactive, and since the deletion nothing; terraform plan destroys these and nothing else; what "
        "comes after a call with the key is InvalidClientTokenId",
    )


def take_over(case: Case, use: Use) -> Handover:
    """What is done where a workload's own identity is known, and not what it has to be allowed."""
    site = use.workload.site.address
    aws = case.credential.cloud == "aws" and case.credential.cls == "access-key"
    return Handover(
        f"give {site} an identity of its own that may do what the owner of its key may, take the key out of what it is "
        "given, and see that it still works; or put the owner of the key into this code, and plan again",
        site,
        "its owner",
        "USER=$(aws iam get-access-key-last-used --access-key-id KEY_ID --query UserName --output text); aws iam "
        'list-attached-user-policies --user-name "$USER"; aws iam list-user-policies --user-name "$USER"; aws iam '
        'list-groups-for-user --user-name "$USER"'
        if aws
        else "",
        "the log of the account shows its own identity, and no longer the key's owner",
    )


def user_word(case: Case) -> str:
    """The name of a key's user as a word of a command; USER where it is not known, or no name that IAM would take.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateUser.html (UserName)
    """
    name = case.declaration.label
    known = case.owner is None or name != case.owner.site.address
    return name if known and name != case.credential.site.address and _USER.fullmatch(name) else "USER"

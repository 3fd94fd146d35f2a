"""Where an application's source builds a client of a cloud with a key of its own, and what to write there instead.

An SDK that is handed a key never looks for the identity of the place where it runs.  The forms are those of the SDKs'
own documentation:
https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
https://learn.microsoft.com/azure/developer/intro/passwordless-overview
https://cloud.google.com/docs/authentication/application-default-credentials
https://docs.oracle.com/en-us/iaas/Content/API/Concepts/sdk_authentication_methods.htm
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rolecall.source.records import dataclass
from rolecall.source.text import SourceText, Span

MAX_PLACES = 200
_COMMENTS = (b"#", b"//", b"/*", b"* ", b"--", b"<!--")


@dataclass(frozen=True, slots=True)
class ExplicitClient:
    """One place that builds a client with a key; `instead` says what finds the workload's identity by itself."""

    span: Span
    instead: str


_AWS_JS = rb"(?:\bnew\s+[\w.]+\(|\bconfig\.update\(|\bcredentials\s*[:=])[^;]{0,300}?\baccessKeyId\s*[:,]"
_AWS_PHP = rb"[\"']credentials[\"']\s*=>\s*(?:\[|array\()[^;]{0,200}?[\"']key[\"']\s*=>"
#: Cloud, the files (by their endings), the form, and what to write instead.
_FORMS: tuple[tuple[str, str, bytes, str], ...] = (
    (
        "aws",
        "py",
        rb"\baws_(?:access_key_id|secret_access_key)\s*=(?!=)",
        'boto3.client("…") without aws_access_key_id, aws_secret_access_key and aws_session_token',
    ),
    ("aws", "js cjs mjs jsx ts tsx", _AWS_JS, "new …Client({ region }) without credentials"),
    (
        "aws",
        "java kt scala groovy",
        rb"\bAwsBasicCredentials\.create\(|\bAwsSessionCredentials\.create\(|\bStaticCredentialsProvider\.create\(",
        "the client's builder without credentialsProvider (it is DefaultCredentialsProvider then)",
    ),
    (
        "aws",
        "java kt scala groovy",
        rb"\bnew\s+Basic(?:AWS|Session)Credentials\(|\bAWSStaticCredentialsProvider\(",
        "the client's builder without withCredentials (it is DefaultAWSCredentialsProviderChain then)",
    ),
    (
        "aws",
        "cs fs vb",
        rb"\bBasicAWSCredentials\(|\bSessionAWSCredentials\(",
        "the client without credentials: new Amazon…Client()",
    ),
    (
        "aws",
        "go",
        rb"\bcredentials\.(?:NewStaticCredentials(?:Provider)?|StaticCredentialsProvider)\b",
        "config.LoadDefaultConfig(ctx) without WithCredentialsProvider",
    ),
    ("aws", "rb rake", rb"\bAws::Credentials\.new\b|\baccess_key_id:", "Aws::…::Client.new without credentials"),
    ("aws", "php", _AWS_PHP + rb"|\bnew\s+Credentials\(", "the client without 'credentials'"),
    ("aws", "rs", rb"\bCredentials::(?:new|from_keys)\(", "aws_config::load_defaults(BehaviorVersion::latest())"),
    ("azure", "py", rb"\bClientSecretCredential\(|\bUsernamePasswordCredential\(", "DefaultAzureCredential()"),
    (
        "azure",
        "js cjs mjs jsx ts tsx cs fs vb",
        rb"\bnew\s+(?:ClientSecret|UsernamePassword)Credential\(",
        "new DefaultAzureCredential()",
    ),
    (
        "azure",
        "java kt scala groovy",
        rb"\bClientSecretCredentialBuilder\(",
        "new DefaultAzureCredentialBuilder().build()",
    ),
    ("azure", "go", rb"\bazidentity\.NewClientSecretCredential\(", "azidentity.NewDefaultAzureCredential(nil)"),
    (
        "azure",
        "py js cjs mjs jsx ts tsx cs fs vb java kt scala groovy go",
        rb"\b(?:from_connection_string|fromConnectionString|StorageSharedKeyCredential|AzureNamedKeyCredential"
        rb"|AzureSasCredential|AzureKeyCredential|NewSharedKeyCredential|\w+FromConnectionString)\(",
        "the client with its endpoint and DefaultAzureCredential",
    ),
    (
        "gcp",
        "py",
        rb"\bfrom_service_account_(?:file|json|info)\(",
        "the client without credentials: google.auth.default() finds the account",
    ),
    (
        "gcp",
        "js cjs mjs jsx ts tsx",
        rb"\bkeyFilename\s*:|\bkeyFile\s*:|\bfromJSON\(",
        "the client without keyFilename and credentials",
    ),
    (
        "gcp",
        "java kt scala groovy",
        rb"\b(?:GoogleCredentials|ServiceAccountCredentials)\.fromStream\(",
        "GoogleCredentials.getApplicationDefault()",
    ),
    (
        "gcp",
        "go",
        rb"\boption\.WithCredentials(?:File|JSON)\(|\bgoogle\.(?:CredentialsFromJSON|JWTConfigFromJSON)\(",
        "the client without option.WithCredentials…: it finds the account by itself",
    ),
    (
        "gcp",
        "cs fs vb",
        rb"\bGoogleCredential\.From(?:File|Json|Stream)\(|\bCredentialsPath\s*=|\bJsonCredentials\s*=",
        "GoogleCredential.GetApplicationDefault()",
    ),
    ("gcp", "rb rake", rb"\bmake_creds\(|\bcredentials\s*=\s*[\"'][^\"']+\.json", "the client without credentials"),
    ("gcp", "php", rb"[\"']keyFile(?:Path)?[\"']\s*=>", "the client without keyFile and keyFilePath"),
    ("oci", "py", rb"\boci\.config\.from_file\(|\boci\.signer\.Signer\(", "{python}"),
    (
        "oci",
        "java kt scala groovy",
        rb"\b(?:ConfigFile|Simple)AuthenticationDetailsProvider\b",
        "{java}",
    ),
    (
        "oci",
        "go",
        rb"\bcommon\.(?:ConfigurationProviderFromFile\w*|NewRawConfigurationProvider|DefaultConfigProvider)\(",
        "{go}",
    ),
    ("oci", "js cjs mjs jsx ts tsx", rb"\b(?:ConfigFile|Simple)AuthenticationDetailsProvider\(", "{js}"),
)
#: OCI's signers by what runs: a function, a pod, and everything else.
_SIGNERS = {
    "function": {
        "python": "oci.auth.signers.get_resource_principals_signer()",
        "java": "ResourcePrincipalAuthenticationDetailsProvider.builder().build()",
        "go": "auth.ResourcePrincipalConfigurationProvider()",
        "js": "ResourcePrincipalAuthenticationDetailsProvider.builder()",
    },
    "pod": {
        "python": "oci.auth.signers.get_oke_workload_identity_resource_principal_signer()",
        "java": "OkeWorkloadIdentityAuthenticationDetailsProvider.builder().build()",
        "go": "auth.OkeWorkloadIdentityConfigurationProvider()",
        "js": "OkeWorkloadIdentityAuthenticationDetailsProvider.builder().build()",
    },
    "": {
        "python": "oci.auth.signers.InstancePrincipalsSecurityTokenSigner()",
        "java": "InstancePrincipalsAuthenticationDetailsProvider.builder().build()",
        "go": "auth.InstancePrincipalConfigurationProvider()",
        "js": "new InstancePrincipalsAuthenticationDetailsProviderBuilder().build()",
    },
}


def explicit_clients(text: SourceText, cloud: str, kind: str) -> Iterator[ExplicitClient]:
    """The places of a file that build clients of a cloud with a key, for a workload of a kind (function, pod …).

    Comments are left out; of a form that stands there more than once each place is told.
    """
    ending = text.path.rpartition(".")[2].lower()
    signers = _SIGNERS.get(kind, _SIGNERS[""])
    seen: set[int] = set()
    for of, endings, form, instead in _FORMS:
        if of != cloud or ending not in endings.split():
            continue
        for place, found in enumerate(re.finditer(form, text.data)):
            line, _ = text.position(found.start())
            start = text.line_starts[line - 1]
            if (
                place >= MAX_PLACES
                or line in seen
                or text.data[start : found.start() + 1].lstrip().startswith(_COMMENTS)
            ):
                continue
            seen.add(line)
            said = signers[instead.strip("{}")] if instead.startswith("{") else instead
            yield ExplicitClient(text.span(found.start(), found.end()), said)

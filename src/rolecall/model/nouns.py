"""What credentials and identities are called, in the words of their cloud."""

from __future__ import annotations

from rolecall.model.parts import Credential

CLOUDS = {"aws": "AWS", "azure": "Azure", "gcp": "Google Cloud", "oci": "OCI", "other": "another provider's store"}
_NOUNS = {
    "access-key": "access key",
    "service-account-key": "service account key",
    "client-secret": "client secret",
    "api-key": "API key",
    "sas": "SAS token",
    "ssh-key": "SSH key",
    "smtp": "SMTP login",
}
#: What a workload of a cloud has instead of a key.
_IDENTITIES = {"aws": "role", "azure": "managed identity", "gcp": "service account", "oci": "principal"}


def noun(credential: Credential) -> str:
    """`access key`, `client secret` …"""
    if "s3-compatible" in credential.marks:
        return "S3-compatible key"
    if credential.cloud == "oci" and credential.cls == "access-key":
        return "customer secret key"
    return _NOUNS.get(credential.cls, credential.cls)


def key(credential: Credential) -> str:
    """The same with its cloud, without an article: `AWS key`, `Azure client secret`."""
    cloud = CLOUDS.get(credential.cloud, credential.cloud)
    return f"{cloud} {short(credential)}"


def a_key(credential: Credential) -> str:
    """The same with its article."""
    words = key(credential)
    return f"{'an' if words[0] in 'AEO' else 'a'} {words}"


def short(credential: Credential) -> str:
    """`key` where everybody knows which one is meant, else the noun."""
    return "key" if credential.cloud == "aws" else noun(credential)


def secret(credential: Credential) -> str:
    """What must not be seen of it."""
    return "secret key" if credential.cloud == "aws" else noun(credential)


def identity(cloud: str) -> str:
    """What a workload of a cloud takes instead of a key."""
    return _IDENTITIES.get(cloud, "identity")

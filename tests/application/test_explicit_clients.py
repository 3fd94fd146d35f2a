"""Clients that are built with a key, in the languages and clouds that people use."""

from __future__ import annotations

import pytest

from rolecall.frontends.application_clients import explicit_clients
from rolecall.source.text import SourceText


@pytest.mark.parametrize(
    ("cloud", "path", "code", "instead"),
    [
        ("aws", "a.py", 's3 = boto3.client(\n    "s3",\n    aws_access_key_id=key,\n)', "boto3.client"),
        ("aws", "a.js", "const s3 = new AWS.S3({ accessKeyId: process.env.KEY });", "without credentials"),
        ("aws", "a.ts", "new S3Client({\n  credentials: {\n    accessKeyId: key,\n  },\n});", "without credentials"),
        ("aws", "A.java", "AwsBasicCredentials.create(id, secret);", "credentialsProvider"),
        ("aws", "a.go", 'credentials.NewStaticCredentialsProvider(id, secret, "")', "LoadDefaultConfig"),
        ("aws", "a.rb", "Aws::Credentials.new(id, secret)", "without credentials"),
        ("aws", "a.php", "new S3Client(['credentials' => ['key' => $id]]);", "without 'credentials'"),
        ("aws", "a.cs", "new BasicAWSCredentials(id, secret)", "new Amazon"),
        ("aws", "a.rs", 'Credentials::new(id, secret, None, None, "x")', "load_defaults"),
        ("azure", "a.py", "ClientSecretCredential(tenant, client, secret)", "DefaultAzureCredential()"),
        ("azure", "a.cs", "new StorageSharedKeyCredential(name, key)", "DefaultAzureCredential"),
        ("azure", "a.py", "BlobServiceClient.from_connection_string(x)", "DefaultAzureCredential"),
        ("azure", "a.go", "azidentity.NewClientSecretCredential(t, c, s, nil)", "NewDefaultAzureCredential"),
        ("gcp", "a.py", "storage.Client.from_service_account_json(path)", "google.auth.default"),
        ("gcp", "a.js", "new Storage({ keyFilename: path })", "without keyFilename"),
        ("gcp", "a.go", "option.WithCredentialsFile(path)", "finds the account"),
        ("oci", "a.py", "config = oci.config.from_file()", "InstancePrincipals"),
        ("oci", "A.java", "new SimpleAuthenticationDetailsProvider()", "InstancePrincipals"),
    ],
)
def test_what_to_write_instead(cloud: str, path: str, code: str, instead: str) -> None:
    found = list(explicit_clients(SourceText(path, code.encode()), cloud, "instance"))
    assert len(found) == 1, found
    assert instead in found[0].instead


def test_a_function_has_another_signer() -> None:
    text = SourceText("func.py", b"oci.config.from_file()")
    assert [one.instead for one in explicit_clients(text, "oci", "function")] == [
        "oci.auth.signers.get_resource_principals_signer()"
    ]


@pytest.mark.parametrize(
    ("cloud", "path", "code"),
    [
        ("aws", "a.py", 'boto3.client("s3")'),
        ("aws", "a.py", "# aws_access_key_id=x"),
        ("aws", "a.py", "if aws_access_key_id == x: pass"),
        ("aws", "a.js", "new S3Client({ region })"),
        ("gcp", "a.py", 'boto3.client("s3", aws_access_key_id=x)'),
        ("azure", "a.py", "DefaultAzureCredential()"),
        ("aws", "a.md", "AwsBasicCredentials.create("),
    ],
)
def test_what_is_none(cloud: str, path: str, code: str) -> None:
    assert not list(explicit_clients(SourceText(path, code.encode()), cloud, "instance"))

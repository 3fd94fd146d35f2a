"""Whether a text is a secret, by its name and its look."""

from __future__ import annotations

import base64
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.model.secrets import environment
from rolecall.model.secrets.secret_names import (
    is_no_secret,
    is_plain_word,
    is_secret_name,
    is_token,
    like_key_of_aws,
    names_a_secret,
    password_in_url,
    stands_for,
)


@pytest.mark.parametrize(
    "name",
    [
        *("DB_PASSWORD", "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "slackBotToken", "SECRET_KEY_BASE", "stripe-api-key"),
        *("GITHUB_TOKEN", "JWT_SECRET", "PGPASSWORD", "private_key", "NPM_TOKEN", "CLIENT_SECRET"),
    ],
)
def test_names_of_secrets(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        *("TOKEN_URL", "DB_PASSWORD_SECRET_NAME", "API_KEY_PARAMETER", "MAX_TOKENS", "SECRET_ARN", "USE_TOKEN"),
        *(
            "NEXT_PUBLIC_API_KEY",
            "PASSWORD_FILE",
            "KMS_KEY",
            "PARTITION_KEY",
            "password_length",
            "REGION",
            "CSRF_TOKEN",
        ),
    ],
)
def test_names_that_only_sound_like_it(name: str) -> None:
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    ("value", "name", "named"),
    [
        ("arn:aws:secretsmanager:eu-west-1:111122223333:secret:db", "DB_PASSWORD", True),
        ("/prod/db/password", "DB_PASSWORD", True),
        ("prod/db", "DB_PASSWORD", True),
        ("https://login.example.org", "TOKEN", True),
        ("my-app-secret", "SECRET", True),
        ("database", "existingSecret", True),
        ("adminPassword", "auth.existingSecretPasswordKey", True),
        ("database", "passwordFromSecret", True),
        ("password", "http_passwd_secret_key", True),
        ("Horse9staple", "passwordFromSecret", False),
        ("horse9staple", "adminSecret", False),
        ("correct-horse", "DB_PASSWORD", False),
        ("true", "TOKEN", True),
        ("3600", "TOKEN", True),
        ("correctHorse1", "API_KEY", False),
    ],
)
def test_what_names_a_secret_is_none(value: str, name: str, named: bool) -> None:
    assert names_a_secret(value, name) is named


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("<password>", "elsewhere"),
        ("${DB_PASSWORD}", "elsewhere"),
        ("{{ password }}", "elsewhere"),
        ("$dex:secret", "elsewhere"),
        ("@Microsoft.KeyVault(SecretUri=https://a.vault.azure.net/secrets/b)", "elsewhere"),
        ("CHANGE_ME", "nothing"),
        ("placeholder", "nothing"),
        ("to be set by hand", "nothing"),
        ("correct-horse-battery-staple", ""),
        ("postgres", ""),
    ],
)
def test_what_stands_for_a_secret(value: str, what: str) -> None:
    assert stands_for(value) == what


def test_forms_of_tokens() -> None:
    assert is_token("gh" + "p_" + "a1" * 18)
    assert is_token("xo" + "xb-" + "1234567890-abcdef")
    assert is_token("-----BEGIN OPENSSH PRIVATE KEY-----")
    assert not is_token("-----BEGIN PUBLIC KEY-----")
    assert not is_token("task-runner-of-the-week-in-the-house")


def test_passwords_in_addresses() -> None:
    assert password_in_url("postgres://app:correct-horse@db.internal/app") == "correct-horse"
    assert password_in_url("postgres://db.internal/app") == ""
    assert is_no_secret("https://example.org/a") and not is_no_secret("https://app:correct-horse@example.org/a")
    assert is_no_secret("someone@example.org") and not is_no_secret("correct-horse")


def test_texts_as_long_as_a_key() -> None:
    assert like_key_of_aws("1234567890" * 4)
    assert not like_key_of_aws("da39a3ee5e6b4b0d3255bfef95601890afd80709")  # a commit
    assert not like_key_of_aws("abcdefghij" * 4)
    assert is_plain_word("letmein1") and not is_plain_word("correct-horse")


@given(st.text(max_size=400))
def test_what_is_said_of_a_text_holds_for_any(said: str) -> None:
    kind, about = environment._in_text(said)
    assert kind in ("", "key", "token", "word", "password")
    assert bool(about) == (kind not in ("", "token"))
    assert password_in_url(said) in said
    assert stands_for(said) == stands_for(f" {said}\n")
    assert is_secret_name(said) in (True, False) and names_a_secret(said, "token") in (True, False)


@given(st.text(min_size=18, max_size=400))
def test_text_in_base64_is_read(said: str) -> None:
    assert environment._decoded(base64.b64encode(said.encode()).decode()) == said


def test_long_texts_take_no_longer_than_they_are() -> None:
    begun = time.process_time()
    for said in (
        "a" * 100_000,
        "a=" * 50_000,
        "PASSWORD=" * 20_000,
        "token: " * 20_000,
        "x://" * 30_000,
        "$(" * 50_000,
    ):
        environment._in_text(said)
    assert time.process_time() - begun < 10  # some tenths; a pattern that looks back would take hours

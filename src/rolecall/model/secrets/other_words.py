"""Keys under names that say nothing by themselves: a registry's user and password, a backend's settings.

Which registry or backend it is stands beside them.  Sources:
https://github.com/docker/login-action#aws-elastic-container-registry-ecr (the access key is the user, the secret key
the password), https://developer.hashicorp.com/terraform/language/backend/s3 (access_key, secret_key).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rolecall.frontends.values import references, render
from rolecall.model.flow.fields import Field
from rolecall.source.patterns import late
from rolecall.source.records import replace

_LOGIN = "docker/login-action"
_OF_AWS = late(r"\.dkr\.ecr[.\w-]*\.amazonaws\.com|\bpublic\.ecr\.aws\b")
_INPUTS = {"username": "AWS_ACCESS_KEY_ID", "password": "AWS_SECRET_ACCESS_KEY"}
_BACKEND = {"access_key": "aws_access_key", "secret_key": "aws_secret_key"}


def in_other_words(uses: str, found: Sequence[Field], backend: frozenset[str]) -> Iterator[Field]:
    """The fields of a step, those of a registry's login and of S3's backend under names that say whose they are.

    `backend` are the names that the step's script gives Terraform for its backend.
    """
    of_aws = uses == _LOGIN and any(i.name == "registry" and _OF_AWS.search(render(i.value)) for i in found)
    for item in found:
        secret = any(reference.target == "secret" for reference in references(item.value))
        if of_aws and secret and item.path == "with" and item.name in _INPUTS:
            yield replace(item, name=_INPUTS[item.name])
        elif item.path == "run" and item.name in _BACKEND and backend.issuperset(_BACKEND):
            yield replace(item, name=_BACKEND[item.name])
        else:
            yield item

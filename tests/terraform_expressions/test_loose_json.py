"""Text that was meant to be JSON."""

from __future__ import annotations

import json
import random

import pytest

from rolecall.frontends.terraform.loose_json import decode_loosely
from rolecall.frontends.values import Scalar, Template, Unknown, plain

MEANT = {"Statement": [{"Effect": "Allow", "Principal": "*"}]}
WHOLE = '{"Statement": [{"Effect": "Allow", "Principal": "*"}]}'


@pytest.mark.parametrize(
    "text",
    [
        WHOLE,
        '{"Statement": [{"Effect": "Allow", "Principal": "*",},],}',
        '{"Statement": // all\n[{"Effect": "Allow", /* of them */ "Principal": "*"}]} # done',
        '{"Statement": [{"Effect": "Allow" "Principal": "*"}]}',
        "{'Statement': [{'Effect': 'Allow', 'Principal': '*'}]}",
        "{Statement: [{Effect: Allow, Principal: '*'}]}",
        WHOLE[:-1],
        WHOLE[:-2],
        WHOLE[:-4],
        WHOLE + "}",
        "\ufeff" + WHOLE,
        "policy = " + WHOLE,
    ],
)
def test_what_is_meant_is_read(text: str) -> None:
    found = decode_loosely(Scalar(text))
    assert found is not None
    assert plain(found) == MEANT


@pytest.mark.parametrize("text", ["", "hello", "{", "{}", "[1]", "arn:aws:iam::aws:policy/ReadOnlyAccess"])
def test_nothing_is_read_into_other_text(text: str) -> None:
    assert decode_loosely(Scalar(text)) is None


def test_members_that_are_not_known_have_no_name() -> None:
    text = Template((Scalar('{"Principal": "*" '), Unknown("a condition, perhaps"), Scalar("}")))
    found = decode_loosely(text)
    assert found is not None
    assert [entry.name for entry in found.entries] == ["Principal", None]


def test_what_is_json_is_read_as_json_reads_it_and_other_text_as_far_as_it_goes() -> None:
    dice = random.Random(1)
    for _ in range(3000):
        text = list(WHOLE)
        for _ in range(dice.randint(1, 8)):
            text[dice.randrange(len(text))] = dice.choice(
                ["{", "}", "[", "]", '"', "'", ",", ":", "\\", "/", "*", "#", ""]
            )
        found = decode_loosely(Scalar("".join(text)))
        assert found is None or found.entries
        try:
            exact = json.loads("".join(text))
        except ValueError:
            continue
        assert found is not None and plain(found) == exact
    for part in ("{", '{"a":[', "{'", "{/*", "{,", "{\\", "{'\\"):
        found = decode_loosely(Scalar(part * 30_000))
        assert found is None or found.entries

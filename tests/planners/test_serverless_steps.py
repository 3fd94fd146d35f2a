"""What people are told of a service of the Serverless Framework whose functions may use a key."""

from __future__ import annotations

from pathlib import Path

import pytest
from keeping import KEEPING
from planner_estates import lay_out, planned

EXAMPLE = next(example for example in KEEPING if "Serverless Framework" in example.title)
HEAD = "service: media\nprovider:\n  name: aws\n"


@pytest.mark.parametrize(
    ("service", "where", "says"),
    [
        (HEAD, "serverless.yml:2", "to provider.iam.role.statements"),
        (
            f"{HEAD}  iam:\n    role:\n      statements: []\n  environment:\n    AWS_S3_SECRET_KEY: ${{env:X}}\n",
            "serverless.yml:5",
            "take AWS_S3_SECRET_KEY out of this file",
        ),
        (f"{HEAD}  iamRoleStatements: []\n", "serverless.yml:4", "to provider.iamRoleStatements"),
        (f"{HEAD}  role: arn:aws:iam::111122223333:role/media\n", "serverless.yml:4", "the role that is named here"),
        (
            f"{HEAD}functions:\n  api:\n    handler: app.handler\n    role: other\n",
            "serverless.yml:2",
            "of a role of their own, where it is granted instead: api (line 5)",
        ),
        ("service: media\nprovider: aws\nfunctions: [a]\n", "serverless.yml:2", "to provider.iam.role.statements"),
    ],
)
def test_the_steps(service: str, where: str, says: str, tmp_path: Path) -> None:
    lay_out(tmp_path, EXAMPLE)
    (tmp_path / "serverless.yml").write_text(service)
    steps = next(m.handover for m in planned(tmp_path).migrations if m.subject.address == "aws_iam_access_key.media")
    told = [step for step in steps if step.where.startswith("serverless.yml")]
    assert told[0].where == where
    assert told[0].command.startswith("aws iam list-user-policies --user-name media;")
    assert says in " ".join(step.what for step in told)

"""From an image to the code in it: what a Dockerfile puts where, and what of it runs."""

from __future__ import annotations

import pytest
from container_estates import DOCKERFILE

from rolecall.planning.edits.line_edit import Refused
from rolecall.planning.narrowing.images.builds import OPEN, repository
from rolecall.planning.narrowing.images.dockerfile import Layout, layout_of
from rolecall.planning.narrowing.images.entry import started
from rolecall.source.text import SourceText

FILES = ["app/reports/web.py", "app/requirements.txt", "app/package.json", "app/src/index.js", "app/cmd/run/main.go"]
NODE = "FROM node:22-alpine\nWORKDIR /srv\nCOPY package.json ./\nCOPY src ./src\n"
FUNCTION = 'FROM public.ecr.aws/lambda/python:3.13\nCOPY reports ${LAMBDA_TASK_ROOT}\nCMD ["web.handler"]'
GO = """\
FROM golang:1.24 AS build
WORKDIR /src
COPY . .
RUN CGO_ENABLED=0 go build -o /out/run ./cmd/run
FROM gcr.io/distroless/static
COPY --from=build /out/run /run
ENTRYPOINT ["/run"]
"""


def layout(text: str, given: frozenset[str] = frozenset(), target: str = "") -> Layout:
    return layout_of(SourceText("app/Dockerfile", text.encode()), "app", FILES, given, target)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (DOCKERFILE, "reports/web"),
        (DOCKERFILE.partition("CMD")[0] + "CMD python -u reports/web.py", "reports/web.py"),
        (DOCKERFILE.replace('CMD [', 'ENTRYPOINT ["tini", "--"]\nCMD ['), "reports/web"),
        (DOCKERFILE.replace("COPY . .", "COPY reports ./reports"), "reports/web"),
        (DOCKERFILE.replace("COPY . .", "COPY reports/*.py /app/reports/"), "reports/web.py"),
        (DOCKERFILE.replace("COPY . .", "ENV ROOT=/app\nCOPY . ${ROOT}/"), "reports/web"),
        (NODE + 'CMD ["node", "src/index.js"]', "src/index.js"),
        (NODE + "CMD node --enable-source-maps src/index.js", "src/index.js"),
        (NODE + 'CMD ["npm", "start"]', "src/index.js"),
        (GO, ""),
        (FUNCTION, "reports/web"),
    ],
)  # fmt: skip
def test_what_runs_is_found(text: str, place: str) -> None:
    scripts = {"package.json": '{"scripts": {"start": "node src/index.js"}}'}
    assert started(layout(text), scripts).place in (place, f"{place}.py")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('FROM acme/base\nCMD ["node", "a.js"]', "starts from acme/base"),
        ('ARG BASE=python:3.13\nFROM $BASE\nCMD ["python", "a.py"]', "not in the repository"),
        ("FROM python:3.13\nFOO bar", "FOO"),
        ("FROM python:3.13\nADD https://example.com/x /x", "adds what"),
        ("FROM python:3.13\nHEALTHCHECK CMD ./check.sh", "health check"),
        ("FROM python:3.13\nCOPY <<EOF /run.sh\naws s3 ls\nEOF", "writes files"),
        ("FROM python:3.13\nONBUILD COPY . .", "ONBUILD"),
        ("COPY . .", "FROM"),
        ("FROM python:3.13\nCOPY ../x /x", "outside its context"),
        (NODE + 'CMD ["npm", "run", "other"]', "is not seen"),
        (NODE + "CMD node src/index.js && ./more.sh", "is a script"),
        (NODE + 'CMD ["node", "-r", "dd-trace/init", "src/index.js"]', "is not seen"),
        (NODE + 'CMD ["node", "dist/index.js"]', "not in the repository"),
        (NODE, "not written"),
        (GO.replace("go build", "make"), "is not seen"),
        (DOCKERFILE.replace('["gunicorn"', '["newrelic-admin", "run-program", "gunicorn"'), "is not seen"),
        (DOCKERFILE.replace("reports.web:app", "app.web:app"), "not in"),
    ],
)
def test_what_cannot_be_told_is_refused(text: str, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        found = started(layout(text), {"package.json": '{"scripts": {"start": "node src/index.js"}}'})
        if found.place + ".py" not in [path.removeprefix("app/") for path in FILES]:
            raise Refused("not in the repository")


def test_an_argument_that_the_build_gives_is_not_known() -> None:
    text = 'ARG BASE=python:3.13\nFROM $BASE\nCMD ["python", "a.py"]'
    layout(text)
    with pytest.raises(Refused, match="starts from"):
        layout(text, frozenset({"BASE"}))


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("123456789012.dkr.ecr.eu-west-2.amazonaws.com/team/reports:1", "team/reports"),
        (f"{OPEN}/reports:{OPEN}", "reports"),
        ("reports:dev", ""),
        ("acme/reports@sha256:00", "acme/reports"),
        (OPEN, OPEN),
        ("localhost:5000/reports", "reports"),
    ],
)
def test_a_repository_is_a_name_without_registry_and_tag(image: str, name: str) -> None:
    assert repository(image) == name


def test_stages_that_double_what_they_take_over_end() -> None:
    stages = "".join(
        f"FROM python AS s{i}\nCOPY --from=s{i - 1} / /\nCOPY --from=s{i - 1} / /x\n" for i in range(1, 99)
    )
    with pytest.raises(Refused, match="not read to the end"):
        layout(f"FROM python AS s0\nCOPY . /a\n{stages}")

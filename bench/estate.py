"""A made-up estate of any size: the folders of a platform on which many teams keep a namespace each.

The mix of files follows a large public repository of that kind: eight or nine files of 1.6 kB in a namespace, remote
and local modules, Kubernetes secrets, users with keys, policies in heredocs, `jsonencode` and data sources, and many
files that have nothing to do with identities.  The same size gives the same bytes every time.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bench.namespace import files, secret


@dataclass(frozen=True, slots=True)
class Size:
    """What was written: `.tf` files and their bytes together."""

    files: int
    bytes: int

    def __str__(self) -> str:
        return f"{self.files:,} files, {self.bytes / 1e6:.1f} MB"


TEAMS = ("bookings", "claims", "fleet", "quay", "rates", "yard")

MODULE = {
    "main.tf": """\
resource "aws_iam_user" "this" {
  name = var.name
  path = "/ci/"
}

resource "aws_iam_access_key" "this" {
  user = aws_iam_user.this.name
}

resource "aws_iam_user_policy" "this" {
  name   = var.name
  user   = aws_iam_user.this.name
  policy = var.policy
}
""",
    "variables.tf": 'variable "name" {\n  type = string\n}\n\nvariable "policy" {\n  type = string\n}\n',
    "outputs.tf": """\
output "id" {
  value = aws_iam_access_key.this.id
}

output "secret" {
  value     = aws_iam_access_key.this.secret
  sensitive = true
}
""",
}


def _write(folder: Path, files: dict[str, str]) -> Size:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8", newline="\n")
    return Size(len(files), sum(len(text.encode()) for text in files.values()))


def namespaces(root: Path, count: int) -> Size:
    """An estate of at least this many `.tf` files."""
    size = _write(root / "modules" / "key-user", MODULE)
    number = 0
    while size.files < count:
        name = f"{TEAMS[number % len(TEAMS)]}-{number:04d}-{'prod' if number % 3 else 'dev'}"
        more = _write(root / "namespaces" / name / "resources", dict(files(name)))
        size = Size(size.files + more.files, size.bytes + more.bytes)
        number += 1
    return size


def _call(number: int) -> str:
    return f"""\
module "user_{number}" {{
  source = "./modules/key-user"
  name   = "user-{number}"
  policy = jsonencode({{ Version = "2012-10-17", Statement = [] }})
}}
""" + secret(f"user_{number}", {"id": f"module.user_{number}.id", "secret": f"module.user_{number}.secret"})


def calls(root: Path, count: int) -> Size:
    """One root module that calls one local module `count` times, each call with its own secret."""
    size = _write(root / "modules" / "key-user", MODULE)
    text = "\n".join(map(_call, range(count)))
    more = _write(root, {"main.tf": text, "variables.tf": 'variable "namespace" {\n  default = "bench"\n}\n'})
    return Size(size.files + more.files, size.bytes + more.bytes)

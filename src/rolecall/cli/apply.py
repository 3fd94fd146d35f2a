"""`rolecall apply`: one phase of a plan onto the work tree."""

from __future__ import annotations

from pathlib import Path

import click

from rolecall.cli.document import load
from rolecall.cli.failure import Failure


@click.command("apply", short_help="Apply one phase.")
@click.argument("plan", type=click.Path(path_type=Path))
@click.option("--phase", required=True, help="prepare, expand, migrate, soak or contract.")
@click.option(
    "--root",
    type=click.Path(path_type=Path),
    default=Path(),
    help="The folder that was planned (default the working folder).",
)
def command(plan: Path, phase: str, root: Path) -> int:
    """Write the files of one phase of PLAN (a plan folder or its plan.json), all of them or none.

    A tree that has changed where it matters is refused, and so is a phase whose predecessors are not applied.
    """
    from rolecall.planning.apply import NotApplicable, apply_phase

    if not root.is_dir():
        raise Failure(f"{root}: not a folder")
    try:
        done = apply_phase(load(plan), root, phase)
    except NotApplicable as refusal:
        parts = [str(refusal).partition("\n")[0], *(f"{path}: {reason}" for path, reason in refusal.files)]
        raise Failure("; ".join(parts)) from None
    except OSError as error:
        raise Failure(f"{error.filename or root}: {error.strerror or error}; nothing was changed") from None
    for path in done.written:
        click.echo(f"wrote {path}")
    for path in done.already:
        click.echo(f"as it should be: {path}")
    if not done.written and not done.already:
        click.echo(f"the plan changes nothing in phase {phase}")
    return 0

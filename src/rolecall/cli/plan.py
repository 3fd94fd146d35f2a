"""`rolecall plan`: the patches, phase by phase."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from rolecall.analysis.discovery import PLAN_FOLDER
from rolecall.cli.failure import Failure
from rolecall.cli.session import analysis_options, run, style
from rolecall.config import did_you_mean


@click.command("plan", short_help="Write the patches.")
@analysis_options
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--output", "-o", type=click.Path(path_type=Path), help=f"The folder to write (default {PLAN_FOLDER}).")
@click.option("--only", multiple=True, metavar="ID", help="Only this migration; may be given several times.")
def command(form: str, output: Path | None, only: tuple[str, ...], **options: Any) -> int:
    """Plan the way from keys to roles, and write it as patches that can be merged one phase at a time.

    With --format json the plan goes to stdout, and no folder is written unless --output names one.
    """
    session = run(**options)
    from rolecall import planners
    from rolecall.planning.plan import make_plan
    from rolecall.report import plan_files
    from rolecall.report.json import dumps, finding_json

    plan = make_plan(session.analysis, planners.load(), only)
    data = plan.to_json()
    found = zip(session.analysis.findings, data["findings"], strict=True)
    data["findings"] = [finding_json(finding, record["fix"]) for finding, record in found]
    if only and (missing := set(only) - {record["id"] for record in data["migrations"]}):
        known = [record["id"] for record in data["migrations"]]
        raise Failure(f"no migration {min(missing)!r}{did_you_mean(min(missing), known)}")
    folder = output or (Path(PLAN_FOLDER) if form == "text" else None)
    if folder is not None:
        try:
            contents = plan_files.files(data, plan.migrations, plan.series, session.analysis.tree)
            plan_files.write(folder, contents)
        except plan_files.NotAPlanFolderError as error:
            raise Failure(str(error)) from None
        except OSError as error:
            raise Failure(f"{folder}: {error.strerror or error}") from None
    if form == "json":
        click.echo(dumps(data))
    elif folder is not None:
        from rolecall.report.plan_text import summary

        click.echo("\n".join(summary(data, folder, style(session.prefix, sys.stdout))), color=True)
    return 0

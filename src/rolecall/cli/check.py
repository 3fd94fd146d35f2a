"""`rolecall check`: what is wrong here."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from rolecall.analysis.run import rules
from rolecall.cli.session import Session, analysis_options, run, style, write
from rolecall.model.finding import RANK, SEVERITIES


@click.command("check", short_help="Find what is wrong.")
@analysis_options
@click.option("--format", "form", type=click.Choice(["text", "json", "sarif"]), default="text", show_default=True)
@click.option("--output", "-o", type=click.Path(path_type=Path), help="Write the report to this file.")
@click.option(
    "--fail-on",
    type=click.Choice(SEVERITIES),
    help="Exit with 1 from this severity on (default low).",
    metavar="SEVERITY",
)
@click.option("--exit-zero", is_flag=True, help="Exit with 0 whatever is found.")
def command(form: str, output: Path | None, fail_on: str | None, exit_zero: bool, **options: Any) -> int:
    """Find static credentials and who consumes them, wrong identities, and grants and trusts that are too wide.

    ROOT is a folder or a file; the working folder where there is none.
    """
    session = run(**options)
    write(_report(session, form, output), output)
    limit = RANK[fail_on or session.config.fail_on]
    found = any(RANK[finding.severity] >= limit for finding in session.analysis.findings)
    return int(found and not exit_zero)


def _report(session: Session, form: str, output: Path | None) -> str:
    analysis = session.analysis
    if form == "json":
        from rolecall.report import json

        return json.dumps(json.document(analysis.findings, analysis.notes, analysis.stats)) + "\n"
    from rolecall.report.secret_places import SecretPlaces

    read = SecretPlaces(analysis.tree, analysis.secrets).read
    if form == "sarif":
        from rolecall.report import json, sarif
        from rolecall.report.rules import catalogue

        data = sarif.document(analysis.findings, list(catalogue().values()), analysis.notes, session.prefix, read)
        return json.dumps(data) + "\n"
    from rolecall.report import text

    look = style(session.prefix, sys.stdout) if output is None else text.Style(prefix=session.prefix)
    stats = analysis.stats
    summary = text.Summary(stats["files"], stats["seconds"]["total"], stats["suppressed"])
    for note in analysis.notes:
        click.echo(f"note: {note}", err=True)
    names = {rule.id: rule.name for rule in rules({finding.rule for finding in analysis.findings})}
    return "\n".join(text.render(analysis.findings, read, names, look, summary)) + os.linesep.replace("\r\n", "\n")

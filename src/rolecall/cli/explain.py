"""`rolecall explain RULE`: what a rule does, why, and how to fix what it finds."""

from __future__ import annotations

import sys

import click

from rolecall.cli.failure import Failure
from rolecall.config import did_you_mean
from rolecall.report.rules import catalogue, chosen


@click.command("explain", short_help="Explain a rule.")
@click.argument("rule")
def command(rule: str) -> int:
    """Say what RULE (its id or its name) does, why it matters, and how to fix what it finds."""
    every = catalogue()
    found = chosen(rule, every.values())
    if found is None:
        names = [*every, *(item.rule.name for item in every.values())]
        raise Failure(f"no rule {rule!r}{did_you_mean(rule.upper() if rule[:2].lower() == 'rc' else rule, names)}")
    if sys.stdout.isatty():
        from rich.console import Console
        from rich.markdown import Markdown

        Console(width=min(Console().width, 100)).print(Markdown(found.markdown))
    else:
        click.echo(found.markdown)
    return 0

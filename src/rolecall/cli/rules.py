"""`rolecall rules`: every rule in one line each."""

from __future__ import annotations

import sys

import click

from rolecall.analysis.run import rules


@click.command("rules", short_help="List the rules.")
@click.option("--format", "form", type=click.Choice(["text", "json", "md"]), default="text", show_default=True)
def command(form: str) -> int:
    """List the rules with their severity and what they find."""
    every = rules()
    if form == "json":
        from rolecall.report.json import dumps

        listed = [
            {
                "id": rule.id,
                "name": rule.name,
                "family": rule.family,
                "severity": rule.severity,
                "confidence": rule.confidence,
                "summary": rule.summary,
                "controls": list(rule.controls),
                "level_now": rule.level_now,
                "level_target": rule.level_target,
                "equivalents": {tool: list(ids) for tool, ids in rule.equivalents.items()},
            }
            for rule in every
        ]
        click.echo(dumps({"schema": "rolecall/rules/1", "rules": listed}))
    elif form == "md":
        from rolecall.report.rules import catalogue, index

        click.echo(index(catalogue().values()).rstrip())
    elif sys.stdout.isatty():
        from rich.console import Console
        from rich.table import Table

        table = Table("rule", "name", "severity", "family", "finds", box=None, pad_edge=False)
        for rule in every:
            table.add_row(rule.id, rule.name, rule.severity, rule.family, rule.summary)
        Console().print(table)
    else:
        width = max(len(rule.name) for rule in every)
        for rule in every:
            click.echo(f"{rule.id}  {rule.name:<{width}}  {rule.severity:<8}  {rule.summary}")
    return 0

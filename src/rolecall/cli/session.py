"""What `check` and `plan` share: their options, the project's settings, and the analysis with its progress."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from rolecall.analysis.run import Analysis, Options, RootError, analyse, rule_ids, rules
from rolecall.cli.failure import Failure
from rolecall.config import Config, ConfigError, did_you_mean, find, load
from rolecall.source.records import dataclass

if TYPE_CHECKING:
    from rolecall.report.text import Style

NOTHING_TO_READ = 3
_F = TypeVar("_F", bound=Callable[..., Any])
#: Work that takes longer than this shows its progress.
_QUIET_SECONDS = 0.5
MAX_WIDTH = 120


def _lists(_ctx: click.Context, _param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(part.strip() for item in value for part in item.split(",") if part.strip())


_OPTIONS = (
    click.argument("roots", nargs=-1, type=click.Path(path_type=Path), metavar="[ROOT]..."),
    click.option(
        "--select", multiple=True, callback=_lists, metavar="RULES", help="Only these rules (RC101, RC1, name)."
    ),
    click.option("--ignore", multiple=True, callback=_lists, metavar="RULES", help="Not these rules."),
    click.option("--exclude", multiple=True, metavar="GLOB", help="Leave these files and folders out."),
    click.option(
        "--var-file",
        "var_files",
        multiple=True,
        type=click.Path(path_type=Path),
        help="Values of Terraform variables (*.tfvars), laid over those of each root module.",
    ),
    click.option(
        "--plan-file",
        "plan_files",
        multiple=True,
        type=click.Path(path_type=Path),
        help="Output of `terraform show -json PLAN`: exact values for the root module that it is a plan of.",
    ),
    click.option("--config", type=click.Path(path_type=Path), help="This configuration file and no other."),
    click.option("--no-cache", is_flag=True, help="Neither read nor write the cache."),
)


def analysis_options(command: _F) -> _F:
    """The options of every command that analyses."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@dataclass(frozen=True, slots=True)
class Session:
    """An analysis, the settings it was made under, and what goes before a path to open it from where the user is."""

    analysis: Analysis
    config: Config
    prefix: str


def run(
    roots: tuple[Path, ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    exclude: tuple[str, ...],
    var_files: tuple[Path, ...],
    plan_files: tuple[Path, ...],
    config: Path | None,
    no_cache: bool,
) -> Session:
    """Analyse what the options say.  Raises Failure."""
    named = roots or (Path(),)
    try:
        settings = load(config) if config is not None else find(named[0], Path.cwd())
        progress = _Progress() if sys.stderr.isatty() else None
        options = Options(
            _rules(select or settings.select),
            _rules(ignore + settings.ignore),
            exclude + settings.exclude,
            settings.var_files + tuple(_below(path, named) for path in var_files),
            plan_files,
            not no_cache,
            progress=progress,
            identity_tags=settings.identity_tags,
        )
        try:
            analysis = analyse(named, options)
        finally:
            if progress is not None:
                progress.clear()
    except (ConfigError, RootError) as error:
        raise Failure(str(error)) from None
    if not analysis.snapshot.rows and not analysis.findings:
        where = ", ".join(str(root) for root in named)
        raise Failure(
            f"nothing to read: no Terraform, CloudFormation, GitHub workflow or Kubernetes file in {where}",
            NOTHING_TO_READ,
        )
    return Session(analysis, settings, _prefix(analysis))


def _rules(words: tuple[str, ...]) -> tuple[str, ...]:
    """Rule ids and prefixes for what the user wrote, which may be rule names."""
    if not words:
        return ()
    ids = rule_ids()
    names: dict[str, str] = {}
    found: list[str] = []
    for word in words:
        if word.upper().startswith("RC") and any(rule.startswith(word.upper()) for rule in ids):
            found.append(word.upper())
            continue
        names = names or {rule.name: rule.id for rule in rules()}
        if word not in names:
            raise Failure(f"no rule {word!r}{did_you_mean(word, [*names, *names.values()])}")
        found.append(names[word])
    return tuple(found)


def _below(path: Path, roots: tuple[Path, ...]) -> str:
    """A file named from the working folder, as the tree knows it."""
    if not path.is_file():
        raise Failure(f"{path}: no such file")
    absolute = [os.path.abspath(root) for root in roots]
    base = os.path.commonpath(absolute)
    if os.path.isfile(base):
        base = str(Path(base).parent)
    relative = os.path.relpath(path, base).replace(os.sep, "/")
    if relative.startswith("../"):
        raise Failure(f"{path}: not below the scanned folder, and nothing outside of it is read")
    return relative


def _prefix(analysis: Analysis) -> str:
    """What turns a path of the tree into one from the working folder; nothing where it is not below it."""
    root = analysis.tree.root
    folder = os.path.abspath(root if root.is_dir() else root.parent)
    relative = os.path.relpath(folder).replace(os.sep, "/")
    return "" if relative == "." or relative.startswith("..") else f"{relative}/"


def style(prefix: str, stream: Any) -> Style:
    """How to write to a stream: as wide as the terminal, in colour where it is one and nobody objects."""
    from rolecall.report.text import Style

    terminal = bool(getattr(stream, "isatty", lambda: False)())
    colour = bool(os.environ.get("FORCE_COLOR")) or (
        terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    )
    columns = os.environ.get("COLUMNS", "")
    width = int(columns) if columns.isdecimal() else 0
    if not width and terminal:
        try:
            width = os.get_terminal_size(stream.fileno()).columns
        except OSError:
            width = 0
    return Style(max(40, min(width or MAX_WIDTH, MAX_WIDTH)), colour, prefix)


class _Progress:
    """A bar on stderr once the work turns out to be long."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._bar: Any = None
        self._task: Any = None
        self._shown = 0.0

    def __call__(self, done: int, total: int) -> None:
        if self._bar is None:
            if time.monotonic() - self._start < _QUIET_SECONDS:
                return
            from rich.console import Console
            from rich.progress import Progress

            # No thread of its own: the reading forks.
            self._bar = Progress(console=Console(stderr=True), transient=True, auto_refresh=False)
            self._bar.start()
            self._task = self._bar.add_task("reading", total=total)
        now = time.monotonic()
        self._bar.update(self._task, completed=done, refresh=now > self._shown + 0.1)
        if now > self._shown + 0.1:
            self._shown = now

    def clear(self) -> None:
        if self._bar is not None:
            self._bar.stop()


def write(text: str, output: Path | None) -> None:
    """Text to a file, whole or not at all, or to stdout.  Raises Failure.

    What is there and no file (a pipe, /dev/null) is written to: putting a file in its place would break it for all.
    """
    if output is None:
        click.echo(text, nl=False, color=True)  # colours are decided on already
        return
    temporary = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        if output.exists() and not output.is_file():
            output.write_text(text, encoding="utf-8", errors="backslashreplace")
            return
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace")
        temporary.replace(output)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise Failure(f"{output}: {error.strerror or error}") from None

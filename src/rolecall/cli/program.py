"""The command line: finds the command, and turns whatever goes wrong into one line and an exit status.

Exit status: 0 nothing at or above `--fail-on`, 1 findings (`verify`: a phase not reached), 2 usage or internal error,
3 nothing to read.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any

import click

from rolecall.cli.failure import Failure
from rolecall.version import VERSION

#: Command, its module, and its line in the list; a module is imported when its command is asked for.
_COMMANDS = {
    "check": ("rolecall.cli.check", "Find static credentials, identities and trusts that should be otherwise."),
    "plan": ("rolecall.cli.plan", "Write the phased patches that replace keys by roles."),
    "apply": ("rolecall.cli.apply", "Apply one phase of a plan to the work tree."),
    "verify": ("rolecall.cli.verify", "Say which phases of a plan the work tree has reached."),
    "explain": ("rolecall.cli.explain", "Say what a rule does, why, and how to fix what it finds."),
    "rules": ("rolecall.cli.rules", "List the rules."),
}
FAILED = 2
#: What the system says where a disk or a quota is full.
_FULL = (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC))


class Program(click.Group):
    """The group of all commands, each imported on use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(_COMMANDS[cmd_name][0]).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            from rolecall.config import did_you_mean

            ctx.fail(f"no such command {args[0]!r}{did_you_mean(args[0], _COMMANDS)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = "rolecall",
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        sys.exit(self._status(args, prog_name, complete_var, **extra))

    def _status(self, args: Sequence[str] | None, prog_name: str | None, complete_var: str | None, **extra: Any) -> int:
        try:
            status = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
            sys.stdout.flush()
            return status if isinstance(status, int) else 0
        except Failure as failure:
            _say(str(failure))
            return failure.status
        except click.ClickException as error:
            usage = getattr(error, "ctx", None)
            _say(error.format_message() + (f" (see {usage.command_path} --help)" if usage is not None else ""))
            return FAILED
        except (click.Abort, KeyboardInterrupt):
            _say("interrupted")
            return FAILED
        except BrokenPipeError:  # nobody reads the output any more; nor would anybody read a message
            with suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return FAILED
        except OSError as error:
            if error.errno not in _FULL:
                return _report(error)
            _say(f"the output cannot be written: {error.strerror}")
            return FAILED
        except RecursionError:
            _say("the input is nested too deeply")
            return FAILED
        except MemoryError:
            _say("out of memory")
            return FAILED
        except Exception as error:
            return _report(error)


def _report(error: Exception) -> int:
    """Tells of a fault of the program itself; raises it where somebody looks for it."""
    if os.environ.get("ROLECALL_DEBUG"):
        raise error
    _say(f"internal error, please report it: {type(error).__name__}: {error} (ROLECALL_DEBUG=1 shows where)")
    return FAILED


def _say(message: str) -> None:
    with suppress(OSError, ValueError):
        click.echo("error: " + " ".join(message.split("\n")), err=True)


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, message="rolecall %(version)s")
def cli() -> None:
    """Find the non-human identities that rest on static keys, and write the patches that move them to roles."""

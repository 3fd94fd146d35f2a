"""The settings of a project: `rolecall.toml`, or `[tool.rolecall]` in `pyproject.toml`.

The nearest file wins, as it is; two are never merged.  An unknown key or a wrong type is an error, since a setting that
is silently not obeyed is worse than none.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rolecall.model.finding import SEVERITIES
from rolecall.source.records import dataclass

FILE_NAME = "rolecall.toml"
PYPROJECT = "pyproject.toml"
_MAX_CONFIG_BYTES = 1024 * 1024


class ConfigError(Exception):
    """A configuration file that cannot be obeyed: `str()` names the file, the line where it is known, and why."""

    def __init__(self, path: Path, message: str, line: int = 0) -> None:
        super().__init__(f"{path}:{line}: {message}" if line else f"{path}: {message}")


@dataclass(frozen=True, slots=True)
class Config:
    """What a project asks for.  `path` is the file it came from, None where there is none.

    `select` and `ignore` hold rule ids, prefixes of ids ("RC1") or rule names; an empty `select` is every rule.
    `exclude` are globs over root-relative paths.  `var_files` are `*.tfvars` files, relative to the scanned root.
    `sub_format` is the form of the subjects of GitHub's tokens in the project's repositories, one of SUB_FORMATS.
    `identity_tags` are pairs of what every identity has to say, one of IDENTITY_TAGS, and the tags that say it.
    """

    path: Path | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    fail_on: str = "low"
    var_files: tuple[str, ...] = ()
    sub_format: str = "both"
    identity_tags: tuple[tuple[str, tuple[str, ...]], ...] = ()


#: Forms of the subject of GitHub's tokens: by names; by names and ids, as repositories have that were made or renamed
#: since 2026-07-15; not known, so that both have to be let in.
SUB_FORMATS = ("legacy", "immutable", "both")

#: What the table `identity-tags` may ask every identity to say: a list of tags for each, any of which will do.
IDENTITY_TAGS = ("owner", "purpose", "expiry")

#: Key in the file, and what it sets.
_KEYS = {
    "select": "select",
    "ignore": "ignore",
    "exclude": "exclude",
    "fail-on": "fail_on",
    "var-files": "var_files",
    "github": "sub_format",
    "identity-tags": "identity_tags",
}


def find(root: Path, working: Path) -> Config:
    """The nearest configuration from `root` upwards, up to the top of its repository.

    Outside of any repository the search ends at `working` where that is above `root`, else at `root` itself.
    Raises ConfigError.
    """
    for folder in _upwards(root, working):
        own = folder / FILE_NAME
        if own.is_file():
            return load(own)
        shared = folder / PYPROJECT
        if shared.is_file() and b"tool.rolecall" in _read(shared):
            found = load(shared)
            if found.path is not None:
                return found
    return Config()


def _upwards(root: Path, working: Path) -> Iterator[Path]:
    start = Path(os.path.abspath(root))
    if not start.is_dir():
        start = start.parent
    chain = [start, *start.parents]
    top = next((folder for folder in chain if (folder / ".git").exists()), None)
    if top is None:
        top = working if working in chain else start
    for folder in chain:
        yield folder
        if folder == top:
            return


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_CONFIG_BYTES + 1)
    except OSError as error:
        raise ConfigError(path, error.strerror or str(error)) from None
    if len(data) > _MAX_CONFIG_BYTES:
        raise ConfigError(path, "larger than 1 MiB")
    return data


def load(path: Path) -> Config:
    """One configuration file; `Config()` for a pyproject.toml without `[tool.rolecall]`.  Raises ConfigError."""
    import tomllib  # most runs have no configuration and should not pay for the import

    try:
        text = _read(path).decode("utf-8-sig")
        data = tomllib.loads(text)
    except UnicodeDecodeError:
        raise ConfigError(path, "not UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"\(at line (\d+)", str(error))
        raise ConfigError(path, f"not valid TOML: {error}", int(at[1]) if at else 0) from None
    except RecursionError:
        raise ConfigError(path, "nested too deeply") from None
    if path.name == PYPROJECT:
        tool = data.get("tool", {})
        if not isinstance(tool, dict) or "rolecall" not in tool:
            return Config()
        data = tool["rolecall"]
        if not isinstance(data, dict):
            raise ConfigError(path, "tool.rolecall must be a table")
    return _checked(path, text, data)


def _checked(path: Path, text: str, data: dict[str, Any]) -> Config:
    settings: dict[str, Any] = {}
    for key, value in data.items():
        line = _line_of(text, key)
        if key not in _KEYS:
            raise ConfigError(path, f"unknown key {key!r}{did_you_mean(key, _KEYS)}", line)
        if key == "fail-on":
            if value not in SEVERITIES:
                hint = did_you_mean(str(value), SEVERITIES)
                raise ConfigError(path, f"fail-on must be one of {', '.join(SEVERITIES)}{hint}", line)
            settings[_KEYS[key]] = value
        elif key == "github":
            settings[_KEYS[key]] = _sub_format(path, text, value)
        elif key == "identity-tags":
            settings[_KEYS[key]] = tuple(_identity_tags(path, text, value))
        elif isinstance(value, list) and all(isinstance(item, str) for item in value):
            settings[_KEYS[key]] = tuple(value)
        else:
            raise ConfigError(path, f"{key} must be a list of strings", line)
    return Config(path=path, **settings)


def _sub_format(path: Path, text: str, value: Any) -> str:
    """The table `github`, whose one key is `sub_format`."""
    if not isinstance(value, dict):
        raise ConfigError(path, "github must be a table", _line_of(text, "github"))
    for key in value:
        if key != "sub_format":
            raise ConfigError(
                path, f"unknown key {key!r} of github{did_you_mean(key, ['sub_format'])}", _line_of(text, key)
            )
    form = value.get("sub_format", "both")
    if form not in SUB_FORMATS:
        hint = did_you_mean(str(form), SUB_FORMATS)
        line = _line_of(text, "sub_format") or _line_of(text, "github")
        raise ConfigError(path, f"github.sub_format must be one of {', '.join(SUB_FORMATS)}{hint}", line)
    return form if isinstance(form, str) else "both"


def _identity_tags(path: Path, text: str, value: Any) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The table `identity-tags`: lists of names by what they say."""
    if not isinstance(value, dict):
        raise ConfigError(path, "identity-tags must be a table", _line_of(text, "identity-tags"))
    for key, names in value.items():
        line = _line_of(text, key) or _line_of(text, "identity-tags")
        if key not in IDENTITY_TAGS:
            hint = did_you_mean(key, IDENTITY_TAGS)
            raise ConfigError(path, f"unknown key {key!r} of identity-tags{hint}", line)
        if not isinstance(names, list) or not names or not all(isinstance(name, str) and name for name in names):
            raise ConfigError(path, f"identity-tags.{key} must be a list of names of tags", line)
        yield key, tuple(names)


def _line_of(text: str, key: str) -> int:
    found = re.search(rf"^\s*[\"']?{re.escape(key)}[\"']?\s*[=.]", text, re.MULTILINE)
    return text.count("\n", 0, found.start() + len(found[0]) - len(found[0].lstrip())) + 1 if found else 0


def did_you_mean(word: str, known: Any) -> str:
    """ " (did you mean …?)" with the nearest of the known words, or nothing."""
    import difflib  # only where something is wrong

    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" (did you mean {close[0]!r}?)" if close else ""

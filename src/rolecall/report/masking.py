"""What may be shown of text that was scanned: no secret, and nothing that a terminal would obey.

Masks keep the length of what they hide, so that columns still fit.
"""

from __future__ import annotations

import re

from rolecall.model.secrets.aws_names import key_part
from rolecall.report.hcl_literals import literals
from rolecall.source.patterns import late

#: A key id wherever it stands: rather one word too many hidden than one key too few.
_KEY_ID = late(r"(?:AKIA|ASIA)[A-Z0-9]{16}")
_RUN = late(r"(?<![A-Za-z0-9/+=])[A-Za-z0-9/+]{40,}={0,2}(?![A-Za-z0-9/+=])")
#: A name, `=` or `:` (or blanks, as on a command line), and a value in quotes or without.
_ASSIGNMENT = late(
    r"""(?<![\w.-])(?P<name>[A-Za-z_][\w.-]{0,100}+)["']?(?P<mark>\s*+(?:=>|:=|[=:])\s*+|\s++)"""
    r"""(?:"(?P<double>(?:[^"\\]|\\.)*+)"|'(?P<single>[^']*+)'|(?P<bare>(?:\$\{\{.*?\}\}|\$\{[^{}]*\}|\$\([\w.-]*\)|[^\s"',;}\])])++))"""
)
_WORD = late(r"[A-Z]?[a-z]+|[A-Z]+|\d+")
_SECRET_NAME = late(r"(?:pass(?:word|wd|phrase)?|secret|token|api_?key|private_?key|credentials?)$", re.IGNORECASE)
#: Words that stand where a secret might and are none (`id-token: write`).
_WORDS = frozenset({"read", "write", "none", "true", "false", "null", "yes", "no", "inherit", "required", "string"})
#: CloudFormation's tags before the name of something.
_LOOKUPS = frozenset({"!Ref", "!GetAtt", "!ImportValue", "!FindInMap", "!If", "!Select", "!Condition"})
#: What JSON writes in their place, or an object that begins where the line ends.
_OPENED = late(r'\{\s*(?:$|"(?:Ref|Fn::GetAtt|Fn::ImportValue)"\s*:)')
_INTERPOLATION = late(
    r"\{\{resolve:(?:[^{}\s]|\$\{[^{}]*\})*\}\}|\$\{\{.*?\}\}|\{\{.*?\}\}|[$%]\{.*?\}|\$\([^)]*\)|\$[A-Za-z_]\w*"
)
_QUOTED = late(r"""\s+(["'])(?P<text>(?:\\.|(?!\1)[^\\\n])*+)\1\s*""")
#: Controls and what reorders text: C0 but for the tab, DEL, C1, the marks and overrides of direction.
_CONTROL = late("[\x00-\x08\x0a-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069\ufeff\ud800-\udfff]")
_MAX_LINE = 5000
_TOO_LONG = "(a very long line)"
_HCL = (".tf", ".tfvars", ".hcl", ".tofu")


def visible(text: str) -> str:
    """Text without control characters: each becomes U+FFFD (newlines a blank)."""
    return _CONTROL.sub(lambda found: " " if found[0] == "\n" else "\ufffd", text)


def named(text: str) -> str:
    """A name, or a text with names, for people: `…` where a part of it is not known."""
    return visible(masked(text)).replace("${?}", "…")


def masked(text: str) -> str:
    """Text with everything that has the shape of a key hidden; of a key id the last four characters stay."""
    text = _KEY_ID.sub(lambda found: "*" * (len(found[0]) - 4) + found[0][-4:], text)
    return _RUN.sub(_mask_run, text)


def _mask_run(found: re.Match[str]) -> str:
    run = found[0]
    mixed = any(c.isupper() for c in run) and any(c.islower() for c in run)
    # A commit id is lower-case hex; a long path has no digit or no capital.  A secret key has capitals for certain.
    if not mixed or (len(run) > 40 and not any(c.isdigit() for c in run)):
        return run
    # A path or a name of words, whose letters change their case every fifth or sixth; those of a key do every second.
    if len(run) >= 4 * len(_WORD.findall(run)):
        return run
    return "*" * len(run)


def masked_line(line: str, path: str = "") -> str:
    """One line of a scanned file as it may be shown: also the values of arguments named like secrets are hidden.

    In HCL a value is an expression, of which the literals are hidden that it may come to.  A line too long for anybody
    to read is not shown.
    """
    if len(line) > _MAX_LINE:
        return _TOO_LONG
    line = masked(visible(line))
    hcl = path.endswith(_HCL)
    position = 0
    while (found := _ASSIGNMENT.search(line, position)) is not None:
        name = found["name"]
        position = found.start() + len(name)
        kind = next(kind for kind in ("double", "single", "bare") if found[kind] is not None)
        value = found[kind]
        if key_part(name) not in ("secret", "token") and not _SECRET_NAME.search(name):
            continue
        blank = not found["mark"].strip()
        # Without `=` or `:` only an AWS key's own name is enough (`aws configure set aws_secret_access_key …`).
        if (blank and key_part(name) is None) or (kind == "bare" and blank and (hcl or value[:1] in "=:{")):
            continue
        if value.lower() in _WORDS or value.startswith("*") or value in _LOOKUPS:
            continue
        if value == "{" and _OPENED.match(line, found.start(kind)):
            continue
        if hcl and not blank and kind != "single":
            for start, end in literals(line, found.end("mark")):
                if line[start:end].lower() not in _WORDS:
                    line = line[:start] + _hidden(line[start:end]) + line[end:]
            continue
        if value.startswith("!"):  # a YAML tag: what it is put before is the value
            tagged = _QUOTED.fullmatch(line, found.end(kind))
            start, end = tagged.span("text") if tagged is not None else (found.end(kind), len(line))
            return line[:start] + _hidden(line[start:end]) + line[end:]
        line = line[: found.start(kind)] + _hidden(value) + line[found.end(kind) :]
        position = found.end(kind)
    return line


def _hidden(value: str) -> str:
    """A value with everything but its interpolations hidden."""
    out: list[str] = []
    at = 0
    for found in _INTERPOLATION.finditer(value):
        out += ["*" * (found.start() - at), found[0]]
        at = found.end()
    return "".join(out) + "*" * (len(value) - at)


#: What has the shape of a key and is none: the vendors' documented examples, and long names in ARNs and URLs.
_HARMLESS = late(r"[A-Za-z0-9/+]*EXAMPLE[A-Za-z0-9/+]*|\barn:[\w:/${}.*+-]+|https?://[\w./${}-]+")


def quotes_key(line: str, path: str = "") -> bool:
    """Whether a line of a scanned file holds what may not be shown; vendors' documented examples may."""
    shown = visible(_HARMLESS.sub("", line))
    return masked_line(shown, path) != shown

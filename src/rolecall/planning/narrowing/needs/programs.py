"""Where the code of a Lambda function is, as far as it is in the repository."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from rolecall.frontends.resource import Resource, Unit
from rolecall.frontends.values import Reference, Scalar, Sequence, Template, Value, text
from rolecall.planning.edits.line_edit import Refused
from rolecall.planning.narrowing.needs.extractor import installed
from rolecall.planning.narrowing.needs.languages import Language, has_handler, is_code, language_of
from rolecall.source.text import SourceText

if TYPE_CHECKING:
    from rolecall.planning.case import Context

#: Stands in code for the part of its number that is filled in when the template is deployed.
MARK = "__filled_in_{}__"


@dataclass(frozen=True)
class Program:
    """The files of a function's code below `root`; `filled` are the values behind the marks in them.

    `gap` says why it is not all of the code, or none; "" where it is.  `inline` code is written in the template; that
    of an `image` is for others to find (needs/images.py).
    `language` is None for Python; else `first` is the file with the handler, and `extractor` the path of the program
    that reads the language.
    """

    files: tuple[SourceText, ...] = ()
    root: str = ""
    filled: Mapping[str, Value] = field(default_factory=dict)
    gap: str = ""
    inline: bool = False
    image: bool = False
    language: Language | None = None
    first: SourceText | None = None
    extractor: str = ""


def program_of(context: Context, unit: Unit, resource: Resource) -> Program:
    """The program of a function.  Never raises."""
    runtime = text(resource.get("runtime|Runtime")) or ""
    if text(resource.get("package_type|PackageType")) == "Image" or resource.get("image_uri|ImageUri") is not None:
        return Program(image=True)
    language = language_of(runtime)
    if language is None and not runtime.startswith("python"):
        return Program(gap=f"its code is not read ({runtime or 'its runtime is not known'})")
    extractor = installed(context.tree.root) if language is not None else ""
    if extractor is None:
        return Program(gap=f"its code is not read ({runtime}) without the extra rolecall[needs]")
    layers = resource.get("layers|Layers")
    if layers is not None and not (isinstance(layers, Sequence) and not layers.items):
        return Program(gap="it has layers, whose code is not seen")
    try:
        in_template = resource.format == "cloudformation"
        found = (
            _of_template(context, resource, language) if in_template else _of_archive(context, unit, resource, language)
        )
        handler = text(resource.get("handler|Handler"))
        if language is None:
            _has_handler(found, handler)
            return found
        first = has_handler(language, found.files, found.root, handler or "", found.inline)
    except Refused as refused:
        return Program(gap=refused.reason)
    if first is None:
        return Program(gap=f"its handler {handler or ''} is not in the code that is seen")
    return replace(found, language=language, first=first, extractor=extractor)


def _has_handler(program: Program, handler: str | None) -> None:
    """Refused where the code has no handler of that name: then it is not the function's code, or not all of it."""
    module, dot, name = (handler or "").replace("/", ".").rpartition(".")
    if not dot or not name.isidentifier():
        raise Refused("which of its functions is called is not known")
    for file in program.files:
        path = file.path.removeprefix(f"{program.root}/" if program.root else "").removesuffix(".py").replace("/", ".")
        here = path == module or program.inline
        if here and re.search(rb"(?m)^(?:async )?(?:def %s\s*\(|%s\s*=)" % (name.encode(), name.encode()), file.data):
            return
    raise Refused(f"its handler {handler} is not in the code that is seen")


def _of_template(context: Context, resource: Resource, language: Language | None) -> Program:
    inline = resource.get("InlineCode|Code.ZipFile")
    if inline is not None:
        return _inline(resource, inline)
    place = text(resource.get("CodeUri|Code"))
    if place is None or ":" in place:
        raise Refused("its code is not in the repository")
    return _folder(context, resource.span.path.rpartition("/")[0], place, language)


def _inline(resource: Resource, value: Value) -> Program:
    parts = value.parts if isinstance(value, Template) else (value,)
    filled: dict[str, Value] = {}
    code = ""
    for part in parts:
        plain = text(part) if isinstance(part, Scalar) and not part.via else None
        if plain is None:
            mark = MARK.format(len(filled))
            filled[mark] = part
            plain = mark
        code += plain
    if value.via:
        raise Refused("its code is put together elsewhere")
    name = f"{resource.span.path} ({resource.name})"
    return Program((SourceText(name, code.encode("utf-8", "replace")),), "", filled, inline=True)


def _of_archive(context: Context, unit: Unit, resource: Resource, language: Language | None) -> Program:
    value = resource.get("filename")
    if value is None:
        raise Refused("its code is not in the repository")
    archives = [one for one in unit.resources if one.type == "archive_file"]
    if isinstance(value, Reference):
        found = [one for one in archives if one.id == value.target and value.attribute == "output_path"]
    else:
        said = text(value)
        found = [one for one in archives if said is not None and text(one.get("output_path")) == said]
    if len(found) != 1:
        raise Refused("what its package is made of is not in the code")
    archive = found[0]
    if archive.get("source") is not None or archive.get("source_content") is not None:
        raise Refused("its package is put together of parts")
    folder = text(archive.get("source_dir"))
    if folder is not None:
        return _folder(context, _base(archive), folder, language)
    file = text(archive.get("source_file"))
    path = context.tree.resolve(_base(archive), file) if file is not None else None
    if path is None:
        raise Refused("its code is not in the repository")
    return Program((context.text(path),), path.rpartition("/")[0])


def _base(resource: Resource) -> str:
    """The folder that relative paths of a Terraform unit start from."""
    return "" if resource.unit == "." else resource.unit


def _folder(context: Context, base: str, place: str, language: Language | None) -> Program:
    path = context.tree.resolve(base, place)
    if path is None:
        raise Refused("its code is outside the repository")
    prefix = f"{path}/" if path else ""
    files = [one for one in context.tree.paths() if one.startswith(prefix) and _is_code(language, one)]
    if _is_code(language, path) and not files:
        return Program((context.text(path),), path.rpartition("/")[0])
    if not files:
        raise Refused("its code is not in the repository")
    return Program(tuple(context.text(one) for one in files), path)


def _is_code(language: Language | None, path: str) -> bool:
    return path.endswith(".py") if language is None else is_code(language, path)

"""The code of an image as a program: by the build that makes the image, its Dockerfile, and what it starts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from rolecall.frontends.resource import Resource, Unit
from rolecall.frontends.values import Sequence as SequenceValue
from rolecall.frontends.values import Value, text
from rolecall.planning.edits.line_edit import Refused
from rolecall.planning.narrowing.images.builds import build_of
from rolecall.planning.narrowing.images.dockerfile import Layout, below, layout_of
from rolecall.planning.narrowing.images.entry import Started, started
from rolecall.planning.narrowing.needs.extractor import installed
from rolecall.planning.narrowing.needs.languages import GO, JAVASCRIPT, is_code
from rolecall.planning.narrowing.needs.programs import Program

if TYPE_CHECKING:
    from rolecall.planning.case import Context

#: Tests, where nothing imports them.
_TESTS = re.compile(r"(?:^|/)(?:tests/|test_[^/]*\.py$|conftest\.py$)")
_IMPORTS_TESTS = re.compile(rb"(?m)^\s*(?:from|import)\b[^\n]*\b(?:tests|conftest|test_\w+)\b")
#: Whoever starts a task may give it another command, which is another program of the same image.
#: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerOverride.html
_OVERRIDES = b"ontainerOverrides"
#: Packages that call AWS for a program by its settings, without an import in its code.
_BY_SETTINGS = re.compile(
    r"(?im)^[\s\"'\[-]*(watchtower|s3fs|django-storages|django-ses|celery|kombu|ddtrace|newrelic|smart-open"
    r"|(?:aws-)?opentelemetry[\w-]*|aws-[\w-]+|apache-airflow[\w-]*|dramatiq-sqs|pynamodb)\b"
)
_REQUIRED = re.compile(r"(?:^|/)(?:requirements[\w.-]*\.txt|pyproject\.toml|Pipfile|setup\.(?:py|cfg))$")
#: https://nodejs.org/api/cli.html#node_optionsoptions,
#: https://docs.python.org/3/using/cmdline.html#environment-variables
_LOADERS = frozenset({"NODE_OPTIONS", "PYTHONSTARTUP", "LD_PRELOAD", "GUNICORN_CMD_ARGS"})
_SOURCES = (".tf", ".json", ".yml", ".yaml", ".js", ".ts", ".mjs", ".py", ".sh", ".go", ".java", ".rb")


def function_program(context: Context, unit: Unit, resource: Resource) -> tuple[Program, Layout]:
    """The program of a function whose code is in an image; Refused as `image_program` does."""
    image = resource.get("image_uri|Code.ImageUri|ImageUri")
    if image is None:
        return _template_program(context, resource)
    entry = plain_words(resource.get("image_config.entry_point|ImageConfig.EntryPoint"))
    command = plain_words(resource.get("image_config.command|ImageConfig.Command"))
    return image_program(context, unit, image, entry, command)


def image_program(
    context: Context,
    unit: Unit,
    image: Value,
    entry: Sequence[str] | None = None,
    command: Sequence[str] | None = None,
) -> tuple[Program, Layout]:
    """The program that an image runs; Refused, with the reason, where it is not certain.  `entry` and `command` are
    what takes the place of the image's own (None: nothing does).
    """
    build = build_of(context, unit, image)
    if build.context is None or build.dockerfile is None:
        raise Refused(f"from which folder its image is built is not certain ({build.place})")
    return _of(context, build.context, build.dockerfile, build.given, build.target, entry, command)


def refuse_loaders(names: Iterable[str]) -> None:
    """Refused where a variable of the environment makes the program load other code first."""
    for name in names:
        if name in _LOADERS:
            raise Refused(f"the variable {name} may load other code into what runs in its image")


def _template_program(context: Context, resource: Resource) -> tuple[Program, Layout]:
    """The program of a function whose image a SAM template builds.
    https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-function.html
    """
    place, name = text(resource.get("Metadata.DockerContext")), text(resource.get("Metadata.Dockerfile"))
    here = resource.span.path.rpartition("/")[0]
    folder = context.tree.resolve(here, place) if place is not None else None
    if folder is None or ":" in (place or ""):
        raise Refused("its code is in an image")
    file = context.tree.resolve(folder, name or "Dockerfile")
    given = resource.get("Metadata.DockerBuildArgs")
    if file is None or not context.tree.exists(file) or given is not None:
        raise Refused("how its image is built is not certain")
    target = text(resource.get("Metadata.DockerBuildTarget")) or ""
    return _of(context, folder, file, frozenset(), target, None, plain_words(resource.get("ImageConfig.Command")))


def plain_words(value: Value | None) -> tuple[str, ...] | None:
    """A command that is written as a list or as one text; None for none.  Refused where a word of it is not known."""
    if value is None or (isinstance(value, SequenceValue) and not value.items):
        return None
    written = [text(one) for one in value.items] if isinstance(value, SequenceValue) else [text(value)]
    words = [word for word in written if word is not None]
    if len(words) < len(written):
        raise Refused("what its container runs is not in the code")
    return tuple(words) if isinstance(value, SequenceValue) else tuple(words[0].split())


def _of(
    context: Context,
    folder: str,
    dockerfile: str,
    given: frozenset[str],
    target: str,
    entry: Sequence[str] | None,
    command: Sequence[str] | None,
) -> tuple[Program, Layout]:
    paths = context.tree.paths()
    layout = layout_of(context.text(dockerfile), folder, paths, given, target)
    prefix = f"{folder}/" if folder else ""
    scripts: Mapping[str, str] = {
        path.removeprefix(prefix): context.text(path).data.decode("utf-8", "replace")
        for path in paths
        if path.startswith(prefix) and path.endswith("package.json") and path.count("/") <= prefix.count("/") + 3
    }
    start = started(layout, scripts, entry, command)
    inside = [path.removeprefix(prefix) for path in paths if path.startswith(prefix)]
    copied = [path for path in inside if any(below(path, one.source) is not None for one in layout.copied)]
    if start.language is None:
        return _python(context, prefix, copied, start), layout
    extractor = installed(context.tree.root)
    if extractor is None:
        raise Refused(f"its code is not read ({start.language.shown}) without the extra rolecall[needs]")
    language = start.language
    if language is GO:
        copied = [path for path in inside if below(path, start.place) is not None]
    files = tuple(context.text(f"{prefix}{path}") for path in copied if is_code(language, path))
    if language is GO:
        root = f"{prefix}{start.place}".rstrip("/")
        first = next((file for file in files if b"func main()" in file.data), None)
    else:
        root, first = folder, next((file for file in files if file.path == f"{prefix}{start.place}"), None)
    if first is None:
        raise Refused(f"what runs in its image is not in the code that is seen: {start.place}")
    sources = (path for path in paths if path.endswith(_SOURCES))
    if language is JAVASCRIPT and any(_OVERRIDES in context.text(path).data for path in sources):
        raise Refused("whoever starts its tasks may run another program of the image (containerOverrides)")
    return Program(files, root, language=language, first=first, extractor=extractor), layout


def _python(context: Context, prefix: str, copied: Sequence[str], start: Started) -> Program:
    known = set(copied)
    names = (start.place, f"{start.place}.py", f"{start.place}/__init__.py", f"{start.place}/__main__.py")
    if not any(name in known and name.endswith(".py") for name in names):
        raise Refused(f"what runs in its image is not in the code that is seen: {start.place}")
    for path in (one for one in copied if _REQUIRED.search(one)):
        if found := _BY_SETTINGS.search(context.text(f"{prefix}{path}").data.decode("utf-8", "replace")):
            raise Refused(f"{prefix}{path} asks for {found[1]}, which may call AWS by its settings alone")
    every = [context.text(f"{prefix}{path}") for path in copied if path.endswith(".py")]
    files = [file for file in every if not _TESTS.search(file.path.removeprefix(prefix))]
    if any(_IMPORTS_TESTS.search(file.data) for file in files):
        files = every
    return Program(tuple(files), prefix.rstrip("/"))

"""What a Dockerfile puts into an image: which of the repository's files lie where, and what runs.

Only what can be told for certain: whatever may bring code that nobody sees (a base image that is not a plain one, an
address, an instruction that is not known) is refused.  https://docs.docker.com/reference/dockerfile/
"""

from __future__ import annotations

import json
import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from rolecall.planning.edits.line_edit import Refused
from rolecall.source.text import SourceText

MAX_STEPS = 500
#: What one stage may take over from others, all together.
MAX_COPIED = 1_000


@dataclass(frozen=True, slots=True)
class Copied:
    """What lies at `source` in the build's context ("" is all of it) lies at `target` in the image, a path from "/"."""

    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Layout:
    """An image as it stands after some steps.  `binaries` are the folders of Go code in the context, by the paths of
    the programs that are built of them; `entry` and `command` are as the runtime takes them, a text for a shell's.
    """

    folder: str = "/"
    copied: tuple[Copied, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    binaries: Mapping[str, str] = field(default_factory=dict)
    entry: tuple[str, ...] | str = ()
    command: tuple[str, ...] | str = ()

    def source_of(self, path: str) -> str | None:
        """What of the context lies at a path of the image, the last to be put there first; None where nothing does."""
        for one in reversed(self.copied):
            inside = below(path, one.target)
            if inside is not None:
                return posixpath.join(one.source, inside) if inside else one.source
        return None


@dataclass(frozen=True, slots=True)
class _Base:
    """A plain base image: what it runs by itself, and where it starts."""

    entry: tuple[str, ...] = ()
    folder: str = "/"


_TASK_ROOT = {"LAMBDA_TASK_ROOT": "/var/task"}
_LAMBDA = _Base(("lambda",), "/var/task")
_SYSTEMS = """
    scratch alpine amazonlinux amazonlinux/amazonlinux busybox debian fedora golang node python rockylinux ubuntu
    distroless/static distroless/base distroless/cc
"""
#: Images that hold an operating system or a language and call nothing of AWS by themselves, without their registries.
#: https://hub.docker.com/u/library, https://github.com/GoogleContainerTools/distroless,
#: https://docs.aws.amazon.com/lambda/latest/dg/images-create.html
_BASES: Mapping[str, _Base] = {
    **{name: _Base() for name in _SYSTEMS.split()},
    **{f"distroless/{name}": _Base() for name in ("static-debian11", "static-debian12", "static-debian13")},
    **{f"distroless/{name}": _Base() for name in ("base-debian11", "base-debian12", "base-debian13")},
    **{f"distroless/python3{end}": _Base(("python3",)) for end in ("", "-debian11", "-debian12", "-debian13")},
    **{
        f"distroless/nodejs{version}{end}": _Base(("node",))
        for version in ("18", "20", "22", "24")
        for end in ("", "-debian11", "-debian12", "-debian13")
    },
    **{f"lambda/{name}": _LAMBDA for name in ("python", "nodejs")},
    **{f"amazon/aws-lambda-{name}": _LAMBDA for name in ("python", "nodejs")},
}
_REGISTRIES = (
    "docker.io/library/",
    "docker.io/",
    "library/",
    "public.ecr.aws/docker/library/",
    "mirror.gcr.io/library/",
)
_OTHERS = ("public.ecr.aws/", "gcr.io/")
_DIRECTIVE = re.compile(r"#\s*escape\s*=", re.I)
_VARIABLE = re.compile(r"\$(?:\{(\w+)(?::-([^}$]*))?\}|(\w+))")
_HEREDOC = re.compile(r"<<-?\s*([\"']?)(\w+)\1")
_IDLE = frozenset({"LABEL", "EXPOSE", "USER", "VOLUME", "STOPSIGNAL", "MAINTAINER"})
_BUILT = re.compile(r"\bgo\s+(build|install)\b([^;&|\n]*)")
#: What a health check may run; anything else may be a program of AWS.
_PROBES = frozenset({"curl", "wget", "nc", "true", "pgrep", "ps", "test", "[", "exit", "NONE"})


def layout_of(file: SourceText, context: str, paths: Sequence[str], given: frozenset[str], target: str = "") -> Layout:
    """The image that a Dockerfile makes of the files below the folder `context`, which are among `paths`.

    `given` are the names of the arguments that the build sets.  Refused, with the reason, where not all of it is told.
    """
    prefix = f"{context}/" if context else ""
    inside = [path.removeprefix(prefix) for path in paths if path.startswith(prefix)]
    reader = _Reader(file.path, inside, given)
    steps = list(_steps(file))
    if len(steps) > MAX_STEPS:
        raise Refused(f"{file.path} is not read to the end")
    for name, rest in steps:
        reader.step(name, rest)
    return reader.result(target)


def below(path: str, folder: str) -> str | None:
    """The part of a path below a folder ("" for the folder itself); None where it is not inside."""
    if path == folder:
        return ""
    if not folder:
        return path
    start = folder if folder.endswith("/") else f"{folder}/"
    return path[len(start) :] if path.startswith(start) else None


def _steps(file: SourceText) -> Iterator[tuple[str, str]]:
    """Every instruction with what follows it, its lines put together."""
    lines = iter(file.data.decode("utf-8", "replace").lstrip("\ufeff").splitlines())
    held = ""
    for line in lines:
        stripped = line.strip()
        if _DIRECTIVE.match(stripped):
            raise Refused(f"{file.path} escapes by a sign of its own")
        if not stripped or stripped.startswith("#"):
            continue
        held += line.rstrip()
        if held.endswith("\\"):
            held = held[:-1] + " "
            continue
        name, _, rest = held.strip().partition(" ")
        held = ""
        for _, word in _HEREDOC.findall(rest):
            if name.upper() != "RUN":
                raise Refused(f"{file.path} writes files of its own")
            for inner in lines:
                if inner.strip() == word:
                    break
                rest += f"\n{inner}"
        yield name.upper(), rest.strip()


class _Reader:
    """The stages of a Dockerfile, one after the other."""

    def __init__(self, path: str, files: Sequence[str], given: frozenset[str]) -> None:
        self.path = path
        self.files = files
        self.given = given
        self.common: dict[str, str] = {}
        self.stages: dict[str, Layout] = {}
        self.unseen: dict[str, str] = {}
        self.current = ""
        self.arguments: dict[str, str] = {}

    def result(self, target: str) -> Layout:
        name = target.lower() or self.current
        if name not in self.stages:
            raise Refused(f"{self.path} has no stage {target}")
        if reason := self.unseen.get(name):
            raise Refused(reason)
        return self.stages[name]

    def step(self, name: str, rest: str) -> None:
        if name == "ARG":
            self._argument(rest)
        elif name == "FROM":
            self._from(rest)
        elif not self.stages:
            raise Refused(f"{self.path} does not start with FROM")
        elif name not in _IDLE:
            self._change(name, rest)

    def _argument(self, rest: str) -> None:
        for word in _words(rest):
            key, sign, value = word.partition("=")
            known = self.common if not self.stages else self.arguments
            if key in self.given or not sign:
                if key in self.common and key not in self.given:
                    known[key] = self.common[key]
                continue
            known[key] = self._filled(value) or ""

    def _from(self, rest: str) -> None:
        words = [word for word in rest.split() if not word.startswith("--")]
        base = _replaced(words[0], self.common) if words else None
        self.arguments = {}
        name = words[2].lower() if len(words) == 3 and words[1].lower() == "as" else str(len(self.stages))
        if base is not None and base.lower() in self.stages:
            found, self.unseen[name] = self.stages[base.lower()], self.unseen.get(base.lower(), "")
        else:
            known = _BASES.get(_bare(base)) if base is not None else None
            if known is None:
                said = base or (words[0] if words else "")
                self.unseen[name] = f"{self.path} starts from {said}, and what that image runs is not seen"
            else:
                self.unseen[name] = ""
            known = known or _Base()
            found = Layout(known.folder, entry=known.entry, variables=_TASK_ROOT if known is _LAMBDA else {})
        self.stages[str(len(self.stages)) if name in self.stages else name] = found
        self.current = name

    def _change(self, name: str, rest: str) -> None:
        now = self.stages[self.current]
        match name:
            case "WORKDIR":
                place = self._filled(rest.strip("\"'"))
                if place is None:
                    raise Refused(f"{self.path} works in a folder that is not written there")
                now = replace(now, folder=posixpath.normpath(posixpath.join(now.folder, place)))
            case "ENV":
                now = replace(now, variables={**now.variables, **self._environment(rest)})
            case "COPY" | "ADD":
                now = self._copy(now, name, rest)
            case "RUN":
                now = replace(now, binaries={**now.binaries, **self._binaries(now, rest)})
            case "ENTRYPOINT":
                now = replace(now, entry=self._command(rest), command=())
            case "CMD":
                now = replace(now, command=self._command(rest))
            case "HEALTHCHECK":
                probe = self._command(rest.partition("CMD")[2].strip() if "CMD" in rest else rest)
                words = probe.split() if isinstance(probe, str) else probe
                if not words or posixpath.basename(words[0]) not in _PROBES:
                    raise Refused(f"{self.path} has a health check of its own")
            case _:
                raise Refused(f"{self.path} has {name}, which is not read")
        if len(now.copied) > MAX_COPIED or len(now.binaries) > MAX_COPIED:
            raise Refused(f"{self.path} is not read to the end")
        self.stages[self.current] = now

    def _filled(self, text: str) -> str | None:
        return _replaced(
            text, {**self.arguments, **self.stages[self.current].variables} if self.stages else self.common
        )

    def _environment(self, rest: str) -> dict[str, str]:
        words = _words(rest)
        if words and "=" not in words[0]:
            return {words[0]: self._filled(rest.partition(" ")[2].strip()) or ""}
        return {key: self._filled(value) or "" for key, _, value in (word.partition("=") for word in words)}

    def _command(self, rest: str) -> tuple[str, ...] | str:
        if rest.startswith("["):
            try:
                words = json.loads(rest)
            except ValueError:
                return rest
            if isinstance(words, list) and all(isinstance(word, str) for word in words):
                return tuple(words)
        return rest

    def _copy(self, now: Layout, name: str, rest: str) -> Layout:
        words = _words(rest)
        flags = [word for word in words if word.startswith("--")]
        places = [word for word in words if not word.startswith("--")]
        if len(places) == 1 and places[0].startswith("["):
            places = list(self._command(rest[rest.index("[") :]))
        filled = [self._filled(place) for place in places]
        if len(filled) < 2 or any(one is None for one in filled) or "--parents" in flags:
            raise Refused(f"{self.path} copies what is not written there: {rest[:60]}")
        *sources, target = [one for one in filled if one is not None]
        origin = next((flag.partition("=")[2] for flag in flags if flag.startswith("--from=")), "")
        if name == "ADD" and any(":" in one or re.search(r"\.(?:tar|tgz|tar\.\w+)$", one) for one in sources):
            raise Refused(f"{self.path} adds what is not in the repository")
        where = posixpath.normpath(posixpath.join(now.folder, target))
        many = target.endswith(("/", ".")) or len(sources) > 1 or where == now.folder or bool(_below(now, where))
        if origin:
            stage = self.stages.get(origin.lower())
            if stage is None and origin.isdigit() and int(origin) < len(self.stages):
                stage = list(self.stages.values())[int(origin)]
            if stage is None:  # a program of another image: what runs by it is looked at where something does
                if where.startswith("/opt"):
                    raise Refused(f"{self.path} takes extensions of the platform from {origin}")
                return now
            return self._taken(now, stage, sources, where, many)
        copied = [one for source in sources for one in self._files(source, where, many)]
        return replace(now, copied=(*now.copied, *copied))

    def _files(self, source: str, where: str, many: bool) -> Iterator[Copied]:
        path = posixpath.normpath(source).lstrip("/").removeprefix("./")
        path = "" if path == "." else path
        if path.startswith(".."):
            raise Refused(f"{self.path} copies from outside its context")
        if any(sign in path for sign in "*?["):
            depth = path.count("/")
            found = sorted({"/".join(file.split("/")[: depth + 1]) for file in self.files if file.count("/") >= depth})
            matches = [one for one in found if all(map(fnmatchcase, one.split("/"), path.split("/")))]
        else:
            matches = [path]
        for one in matches:
            folder = not one or any(file.startswith(f"{one}/") for file in self.files)
            end = "" if folder or not (many or len(matches) > 1) else posixpath.basename(one)
            yield Copied(one, posixpath.normpath(posixpath.join(where, end)))

    def _taken(self, now: Layout, stage: Layout, sources: Sequence[str], where: str, many: bool) -> Layout:
        """What a stage takes over from another one."""
        copied, binaries = list(now.copied), dict(now.binaries)
        for source in sources:
            path = posixpath.normpath(posixpath.join("/", source))
            if any(sign in path for sign in "*?["):
                raise Refused(f"{self.path} copies from one stage to another what is not written there")
            holder = stage.source_of(path)
            file = holder is not None and holder in self.files
            base = (
                posixpath.join(where, posixpath.basename(path)) if many and (file or path in stage.binaries) else where
            )
            if holder is not None:
                copied.append(Copied(holder, base))
            copied.extend(
                Copied(one.source, posixpath.join(where, inside))
                for one in stage.copied
                if (inside := below(one.target, path))
            )
            for program, folder in stage.binaries.items():
                rest = below(program, path)
                if rest is not None:
                    binaries[posixpath.join(where, rest) if rest else base] = folder
        return replace(now, copied=tuple(copied), binaries=binaries)

    def _binaries(self, now: Layout, script: str) -> dict[str, str]:
        """The programs that a script builds of Go code, by their paths in the image."""
        found: dict[str, str] = {}
        folder = now.folder
        before = script[: found_at.start()] if (found_at := _BUILT.search(script)) else ""
        for match in re.finditer(r"\bcd\s+([\w./-]+)", before):
            folder = posixpath.normpath(posixpath.join(folder, match[1]))
        for match in _BUILT.finditer(script):
            words = _words(match[2])
            code = now.source_of(folder)
            if code is None:
                continue
            packages = [word for word in words if word.startswith((".", "/")) and "..." not in word]
            last = posixpath.basename(posixpath.normpath(posixpath.join(folder, packages[-1]))) if packages else ""
            name = last or posixpath.basename(folder)
            if match[1] == "install":
                found[f"/go/bin/{name}"] = code
                continue
            out = next((words[at + 1] for at, word in enumerate(words[:-1]) if word == "-o"), "")
            out = out or next((word[3:] for word in words if word.startswith("-o=")), "")
            place = self._filled(out) if out else name
            if place is not None:
                path = posixpath.normpath(posixpath.join(folder, place))
                found[f"{path}/{name}" if place.endswith("/") or place == "." else path] = code
        return found


def _below(layout: Layout, folder: str) -> bool:
    return any(below(one.target, folder) for one in layout.copied)


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _replaced(text: str, known: Mapping[str, str]) -> str | None:
    """A text with its variables filled in; None where one is not known."""
    missing = False

    def value(match: re.Match[str]) -> str:
        nonlocal missing
        name = match[1] or match[3]
        found = known.get(name, match[2])
        missing = missing or found is None
        return found or ""

    filled = _VARIABLE.sub(value, text)
    return None if missing or "$" in filled else filled


def _bare(image: str) -> str:
    """The name of an image without its registry, its tag and its digest."""
    name = image.partition("@")[0]
    head, slash, last = name.rpartition("/")
    name = f"{head}{slash}{last.partition(':')[0]}"
    for registry in _REGISTRIES:
        if name.startswith(registry):
            return name.removeprefix(registry)
    for registry in _OTHERS:
        if name.startswith(registry):
            return name.removeprefix(registry)
    return name

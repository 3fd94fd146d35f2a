"""What builds images in a repository: commands in pipelines and scripts, compose files, resources of Terraform.

A build counts for an image where the names agree, as far as variables of the same file are filled in.  Where the name
that a build gives cannot be told, it may be any image's.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rolecall.frontends.resource import Resource, Unit
from rolecall.frontends.values import Mapping as MappingValue
from rolecall.frontends.values import Reference, Scalar, Template, Value, text
from rolecall.planning.edits.line_edit import Refused
from rolecall.source.text import SourceText
from rolecall.source.tree import Unreadable
from rolecall.source.yaml import YamlMapping, YamlNode, YamlScalar, YamlSequence, load, values

if TYPE_CHECKING:
    from rolecall.planning.case import Context

#: Stands in a name for what nobody can tell.
OPEN = "\0"
MAX_BYTES = 512 * 1024
#: A line above this length is no command, and a file with more builds than this is no script.
MAX_LINE = 4_000
MAX_BUILDS = 200
_IMAGES = frozenset({"docker_image", "docker_registry_image"})
_CODE = (".yml", ".yaml", ".sh", ".bash", ".mk", ".tf", ".ps1", ".tpl")
_NAMES = frozenset({"makefile", "gnumakefile", "jenkinsfile", "justfile"})
_COMMAND = re.compile(r"\b(?:docker|podman|nerdctl)[ \t]+(?:(?:image|buildx|builder)[ \t]+)?build\b([^\n]*)")
_TAGGED = re.compile(r"\b(?:docker|podman|nerdctl)[ \t]+(?:image[ \t]+)?tag[ \t]+(\S+)[ \t]+(\S+)")
#: Programs that build images by files or settings that are not read here.
_UNREAD = re.compile(
    r"\bbuildx[ \t]+bake\b|\bkaniko\b|\bbuildah\b|\bpack[ \t]+build\b|\bko[ \t]+(?:build|publish|apply)\b|\bearthly\b"
    r"|\bnixpacks\b|\baz[ \t]+acr[ \t]+build\b|\bgcloud[ \t]+builds[ \t]+submit\b|\bjib\w*\b"
    r"|\bcopilot[ \t]+(?:svc|deploy)\b"
)
_PROGRAMS = re.compile(
    rb"docker|podman|nerdctl|kaniko|buildah|earthly|nixpacks|pack build|ko (?:build|publish|apply)|acr build"
    rb"|builds submit|\bjib|copilot"
)
_ASSIGNED = re.compile(
    r"(?m)(?:^|[\"';&]|\becho[ \t])[ \t]*(?:-[ \t]+)?(?:export[ \t]+)?([A-Za-z_]\w*)[ \t]*"
    r"(?:[:?]?=|:)[ \t]*([^\n#;]*[^\s#;])"
)
_HOLE = re.compile(
    r"\$\{\{\s*env\.(\w+)\s*\}\}|\$\{\{[^}\n]{0,200}\}\}|\$\{(\w+)(?::?-[^}\n]{0,200})?\}|\$\((\w+)\)|\$(\w+)|\$\{[^}\n]{0,200}\}|\$\([^)\n]{0,200}\)"
)
_MODULE = re.compile(r"\$\{path\.(?:module|root)\}")
_REPOSITORY = re.compile(r"\$\{\s*aws_ecr_repository\.([\w-]+)(?:\[0\])?\.repository_url\s*\}")
_OPTIONS = """
    -t --tag -f --file --build-arg --target --platform --label --cache-from --cache-to --network --secret --ssh
    --progress --output -o --iidfile --metadata-file --builder --add-host -m --memory --build-context --pull-policy
"""
_VALUED = frozenset(_OPTIONS.split())


@dataclass(frozen=True, slots=True)
class Build:
    """One build: the image's repositories ("" for one that stays where it is built; with OPEN where it cannot be
    told), and its folder and Dockerfile, None where these cannot be told.  `given` are the names of its arguments,
    `tags` what stands behind the repositories.
    """

    place: str
    names: tuple[str, ...]
    context: str | None
    dockerfile: str | None
    target: str = ""
    given: frozenset[str] = frozenset()
    tags: tuple[str, ...] = ()

    @property
    def made_of(self) -> tuple[str | None, str | None, str]:
        return self.context, self.dockerfile, self.target


def build_of(context: Context, unit: Unit, image: Value) -> Build:
    """The one build that makes an image; Refused, with the reason, where it is not certain which does."""
    direct = _resource_of(unit, image)
    if direct is not None:
        found = _declared(direct, unit, context)
        if found is None:
            raise Refused("its image is not built in the repository")
        return found
    said = _flat(image, unit)
    name, tag = repository(said), tag_of(said)
    if not name or OPEN in name:
        raise Refused("which image it runs is not in the code")
    every = [*_declared_builds(context, unit), *context.builds]
    builds = [one for one in every if name in one.names]
    if not builds:
        raise Refused(f"what builds its image ({name.rpartition('//')[2].rstrip('>')}) is not in the code")
    if OPEN not in tag and not any(tag == one or OPEN in one for build in builds for one in build.tags):
        raise Refused(f"what builds its image with the tag {tag} is not in the code")
    unsure = [one for one in every if any(OPEN in other for other in one.names)]
    if len({one.made_of for one in (*builds, *unsure)}) > 1:
        other = next(one for one in (*unsure, *builds) if one.made_of != builds[0].made_of)
        raise Refused(f"which build makes its image is not certain: {builds[0].place}, {other.place}")
    first = builds[0]
    given = frozenset().union(*(one.given for one in (*builds, *unsure)))
    return Build(first.place, first.names, first.context, first.dockerfile, first.target, given)


def repository(image: str) -> str:
    """The repository of an image's name without its registry and tag; "" for a name without a registry."""
    if any(sign in image for sign in "${}"):
        return OPEN
    bare = image.strip("\"'").partition("@")[0]
    head, slash, last = bare.rpartition("/")
    bare = f"{head}{slash}{last.partition(':')[0]}"
    host, slash, rest = bare.partition("/")
    if not slash:
        return OPEN if OPEN in bare else ""
    return rest if "." in host or ":" in host or OPEN in host or host == "localhost" else bare


def tag_of(image: str) -> str:
    """The tag of an image's name, "latest" without one; with OPEN where it cannot be told."""
    bare, _, digest = image.strip("\"'").partition("@")
    if digest or any(sign in image for sign in "${}"):
        return OPEN
    last = bare.rpartition("/")[2]
    return last.partition(":")[2] or (OPEN if OPEN in last else "latest")


def written_builds(context: Context) -> Iterator[Build]:
    """Every build that a file of the tree tells by itself (Context.builds keeps them)."""
    for path in context.tree.paths():
        name = path.rpartition("/")[2].lower()
        if not (name.endswith(_CODE) or name in _NAMES) or name.startswith("package"):
            continue
        try:
            file = context.tree.read(path)
        except Unreadable:
            continue
        if len(file.data) <= MAX_BYTES and _may_build(file.data):
            yield from _in_file(context, file)


def _may_build(data: bytes) -> bool:
    """Whether a file has the words of any form of build: a look that costs little, since most files have none."""
    return b"build" in data and (
        _PROGRAMS.search(data) is not None or (b"image:" in data and (b"build:" in data or b"skaffold" in data))
    )


# -- resources of Terraform


def _declared_builds(context: Context, unit: Unit) -> Iterator[Build]:
    for resource in unit.resources:
        if resource.mode == "resource" and resource.type in _IMAGES:
            found = _declared(resource, unit, context)
            if found is not None:
                yield found


def _resource_of(unit: Unit, image: Value) -> Resource | None:
    """The resource that an image is, where it is one of Terraform's provider for Docker."""
    if not isinstance(image, Reference):
        return None
    return next(
        (one for one in unit.resources if one.id == image.target and one.type in _IMAGES),
        None,
    )


def _declared(resource: Resource, unit: Unit, context: Context) -> Build | None:
    """https://registry.terraform.io/providers/kreuzwerker/docker/latest/docs/resources/image"""
    name = resource.get("name")
    if name is not None and (inner := _resource_of(unit, name)) is not None and inner is not resource:
        return _declared(inner, unit, context)
    folder = resource.get("build.context")
    if folder is None:
        return None
    base = "" if resource.unit == "." else resource.unit
    place = context.tree.resolve(base, text(folder) or "/")
    file = resource.get("build.dockerfile")
    inner_file = text(file) if file is not None else "Dockerfile"
    given: set[str] = set()
    for value in (*resource.find("build.build_args"), *resource.find("build.build_arg")):
        given.update(entry.name or OPEN for entry in (value.entries if isinstance(value, MappingValue) else ()))
    dockerfile = posixpath.join(place, inner_file) if place is not None and inner_file else None
    said = repository(_flat(name, unit)) if name is not None else OPEN
    target = text(resource.get("build.target")) or ""
    tag = tag_of(_flat(name, unit)) if name is not None else OPEN
    where = f"{resource.span.path}:{resource.span.line}"
    return Build(where, (said,), place, dockerfile, target, frozenset(given), (tag,))


def _flat(value: Value, unit: Unit) -> str:
    """A name as far as it is known, with OPEN for the rest."""
    match value:
        case Scalar():
            return text(value) or OPEN
        case Template(parts=parts):
            return "".join(_flat(part, unit) for part in parts)
        case Reference(target=target, attribute=attribute):
            found = next((one for one in unit.resources if one.id == target), None)
            if found is None or found.type not in ("aws_ecr_repository", "AWS::ECR::Repository"):
                return OPEN
            name = text(found.get("name|RepositoryName")) or f"<{found.id}>"
            return name if attribute in ("", "Ref", "name") else f"{OPEN}/{name}"
        case _:
            return OPEN


# -- files


def _in_file(context: Context, file: SourceText) -> Iterator[Build]:
    try:
        code = re.sub(r"\\\r?\n[ \t]*", " ", file.data.decode("utf-8"))
    except UnicodeDecodeError:
        return
    code = "\n".join(line for line in code.splitlines() if len(line) <= MAX_LINE)
    roots, faults = load(file) if file.path.endswith((".yml", ".yaml")) else ([], [])
    words = _Words(context, file, code, roots)
    scripts = list(_scripts(file, code, roots))
    if faults:
        scripts.append((code, None))
    renamed: dict[str, set[str]] = defaultdict(set)
    for script, _ in scripts:
        for old, new in _TAGGED.findall(words.filled(script)):
            renamed[old.strip("\"'")].add(new.strip("\"'"))
    left = MAX_BUILDS
    for script, folder in scripts:
        for match in _COMMAND.finditer(script):
            left -= 1
            if left < 0:
                yield Build(file.path, (OPEN,), None, None)
                return
            yield words.command(match[1], _moved(folder, script[: match.start()]), renamed)
        if _UNREAD.search(script):
            yield Build(file.path, (OPEN,), None, None)
    for node in values(roots):
        if isinstance(node, YamlMapping):
            yield from words.told(node)


def _scripts(file: SourceText, code: str, roots: list[YamlNode]) -> Iterator[tuple[str, str | None]]:
    """The pieces of a file that are run by one shell, with the folder (None: not known) in which each starts; `roots`
    are those of YAML.
    """
    here = file.path.rpartition("/")[0]
    name = file.path.rpartition("/")[2].lower()
    if file.path.endswith((".yml", ".yaml")):
        github = file.path.startswith(".github/") or "/.github/" in file.path
        for root in roots:
            yield from _pieces(root, here if not github and name.startswith("buildspec") else "", github, set())
    elif file.path.endswith(".tf"):
        for piece in re.split(r"\bprovisioner\s+\"local-exec\"", _MODULE.sub(".", code))[1:]:
            script = re.split(r"\n(?:resource|data|module|output|variable|locals)\b", piece)[0]
            moved = re.search(r"(?m)^\s*working_dir\s*=\s*\"([^\"\n]*)\"", script)
            place = moved[1] if moved else "."
            yield script, posixpath.normpath(posixpath.join(here, place)) if "$" not in place else None
    elif name in _NAMES or name.endswith(".mk"):
        yield from ((line, here) for line in code.splitlines())
    else:
        yield code, None if here and "dirname" not in code else here


def _pieces(node: YamlNode, folder: str | None, github: bool, seen: set[int]) -> Iterator[tuple[str, str | None]]:
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, YamlScalar):
        yield re.sub(r"\\\n[ \t]*", " ", node.value), folder
    elif isinstance(node, YamlSequence):
        plain = [one.value for one in node.items if isinstance(one, YamlScalar)]
        if plain and len(plain) == len(node.items):  # commands, one after the other
            yield "\n".join(plain), folder
            return
        for item in node.items:
            yield from _pieces(item, folder, github, seen)
    elif isinstance(node, YamlMapping):
        for holder in (node, _inner(_inner(node, "defaults"), "run")) if github else ():
            place = _text(_inner(holder, "working-directory"))
            if place is not None:
                folder = None if "$" in place else posixpath.normpath(place).lstrip("./")
        for pair in node.pairs:
            yield from _pieces(pair.value, folder, github, seen)


def _inner(node: YamlNode | None, name: str) -> YamlNode | None:
    return node.get(name) if isinstance(node, YamlMapping) else None


def _moved(folder: str | None, before: str) -> str | None:
    """The folder in which a command runs after those before it."""
    for match in re.finditer(r"(?:^|[\s;&|(])(?:cd|pushd)[ \t]+([^\s;&|)]+)|\bpopd\b", before):
        place = (match[1] or "$").strip("\"'")
        if folder is None or "$" in place or place.startswith(("/", "~", "-")):
            return None
        folder = posixpath.normpath(posixpath.join(folder, place))
    return folder


class _Words:
    """A file's variables, and what its builds say with them."""

    def __init__(self, context: Context, file: SourceText, code: str, roots: list[YamlNode]) -> None:
        self.context = context
        self.file = file
        self.roots = roots
        self.assigned: dict[str, set[str]] = defaultdict(set)
        for name, value in _ASSIGNED.findall(code):
            self.assigned[name].add(re.sub(r"[\"']?\s*>>.*$", "", value).strip().strip("\"'"))

    def filled(self, said: str, depth: int = 0) -> str:
        """A word with what its variables stand for in this file; OPEN for the rest."""
        said = _REPOSITORY.sub(self._repository, said)

        def value(match: re.Match[str]) -> str:
            name = next((one for one in match.groups() if one), "")
            found = self.assigned.get(name, set())
            return self.filled(next(iter(found)), depth + 1) if len(found) == 1 and depth < 5 else OPEN

        return _HOLE.sub(value, said)

    def _repository(self, match: re.Match[str]) -> str:
        for block in self.context.blocks(self.file.path.rpartition("/")[0]):
            if block.type == "resource" and block.labels == ("aws_ecr_repository", match[1]):
                name = block.plain("name")
                return f"{OPEN}/{name}" if name else OPEN
        return OPEN

    def _build(
        self,
        names: Mapping[str, None] | list[str],
        folder: str | None,
        file: str | None,
        target: str,
        given: frozenset[str],
        base: str | None = "",
    ) -> Build:
        """`folder` and `file` are as written, from `base` on; the Dockerfile of a command is looked for from there."""
        place = self.context.tree.resolve(base, folder) if base is not None and folder is not None else None
        if place is not None and (OPEN in place or ":" in place):
            place = None
        dockerfile = None
        if place is not None:
            dockerfile = (
                posixpath.join(place, "Dockerfile") if file is None else self.context.tree.resolve(base or "", file)
            )
            if dockerfile is None or not self.context.tree.exists(dockerfile):
                dockerfile = None
        repositories, tags = tuple(map(repository, names)) or ("",), tuple(map(tag_of, names))
        return Build(self.file.path, repositories, place, dockerfile, target, given, tags)

    def command(self, rest: str, folder: str | None, renamed: Mapping[str, set[str]]) -> Build:
        try:
            words = shlex.split(re.split(r"\s(?:&&|\|\||[|;>])|;", self.filled(rest))[0])
        except ValueError:
            return Build(self.file.path, (OPEN,), None, None)
        options: dict[str, list[str]] = defaultdict(list)
        places: list[str] = []
        waiting = iter(words)
        for word in waiting:
            name, sign, value = word.partition("=")
            if name in _VALUED:
                options[name].append(value if sign else next(waiting, ""))
            elif not word.startswith("-") or word == "-":
                places.append(word)
        tags = [*options["-t"], *options["--tag"]]
        names = [*tags, *(new for one in tags for new in renamed.get(one, ()))]
        files = [*options["-f"], *options["--file"]]
        place = places[-1] if places else None
        given = frozenset(one.partition("=")[0] for one in options["--build-arg"])
        target = (options["--target"] or [""])[-1]
        return self._build(names, place, files[-1] if files else None, target, given, folder)

    def told(self, node: YamlMapping) -> Iterator[Build]:
        """A build that a mapping tells: a step with docker/build-push-action, a service of compose, an artifact.

        https://github.com/docker/build-push-action (the context is the repository without one),
        https://docs.docker.com/reference/compose-file/build/, https://skaffold.dev/docs/references/yaml/
        """
        if (_text(node.get("uses")) or "").startswith("docker/build-push-action@"):
            inputs = node.get("with")

            def given(name: str) -> str | None:
                return _text(_inner(inputs, name))

            tags = [one for one in re.split(r"[,\s]+", self.filled(given("tags") or "")) if one]
            names = [name for one in tags for name in (self._images() if one == OPEN else [one])]
            arguments = frozenset(line.partition("=")[0].strip() for line in (given("build-args") or "").splitlines())
            place, file = given("context"), given("file")
            yield self._build(
                names or [OPEN],
                self.filled(place) if place else ".",
                self.filled(file) if file else None,
                given("target") or "",
                arguments,
            )
            return
        build, image = node.get("build"), _text(node.get("image"))
        here = self.file.path.rpartition("/")[0]
        if image is not None and isinstance(build, (YamlScalar, YamlMapping)):
            settings = build if isinstance(build, YamlMapping) else None
            place = _text(build) if settings is None else (_text(settings.get("context")) or ".")
            file = _text(settings.get("dockerfile")) if settings is not None else None
            folder = posixpath.join(here, place or ".")
            args = settings.get("args") if settings is not None else None
            named = (
                frozenset(pair.name or OPEN for pair in args.pairs) if isinstance(args, YamlMapping) else frozenset()
            )
            if isinstance(args, YamlSequence):
                named = frozenset((_text(one) or OPEN).partition("=")[0] for one in args.items)
            target = (_text(settings.get("target")) or "") if settings is not None else ""
            yield self._build(
                [self.filled(image)], folder, posixpath.join(folder, file) if file else None, target, named
            )
        elif image is not None and (place := _text(node.get("context"))) is not None:
            docker = node.get("docker")
            file = _text(docker.get("dockerfile")) if isinstance(docker, YamlMapping) else None
            folder = posixpath.join(here, place)
            yield self._build(
                [self.filled(image)], folder, posixpath.join(folder, file) if file else None, "", frozenset()
            )

    def _images(self) -> list[str]:
        """The names that docker/metadata-action gives, which stand behind `steps.ID.outputs.tags`."""
        found: list[str] = []
        for node in values(self.roots):
            if isinstance(node, YamlMapping) and (_text(node.get("uses")) or "").startswith("docker/metadata-action@"):
                inputs = node.get("with")
                said = _text(inputs.get("images")) if isinstance(inputs, YamlMapping) else None
                found.extend(one for one in re.split(r"[,\s]+", self.filled(said or "")) if one)
        return found or [OPEN]


def _text(node: YamlNode | None) -> str | None:
    return node.value if isinstance(node, YamlScalar) else None

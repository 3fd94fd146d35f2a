"""The frontends as a table: which files each may take, and how far a change of one file reaches."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Literal, Protocol, cast

from rolecall.source.patterns import late
from rolecall.source.records import dataclass
from rolecall.source.text import SourceText
from rolecall.source.tree import Tree

if TYPE_CHECKING:
    from rolecall.frontends.resource import Unit


class Plan(Protocol):
    """What a frontend's `units` gives: one unit to be, and every file that reading it may look at."""

    @property
    def name(self) -> str: ...

    @property
    def files(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Frontend:
    """One frontend.

    `ends` are what the paths end in that it may take, `words` those of which such a path holds one, and `takes` matches
    it where these do not tell; nothing is imported where there is no such path.  `reach` says what a change of one file
    may change in the list of units: "file" only the unit of that file; "taken" whether that file is taken, and the
    units of those that are; "folder" nothing as long as the folder's `structure` is the same.  `sniff` tells by a
    search of a file's bytes whether it can form a unit; it is asked while the files are read for their digests.
    """

    format: str
    module: str
    reach: Literal["file", "taken", "folder"]
    ends: tuple[str, ...] = ("",)
    words: tuple[str, ...] = ()
    takes: re.Pattern[str] | None = None
    structure: Callable[[Tree, str], bytes] | None = None
    sniff: Callable[[str, SourceText], bool] | None = None

    def may_occur(self, paths: str) -> bool:
        """Whether any of the paths in a text may be taken."""
        return not self.words or any(word in paths for word in self.words)

    def may_take(self, path: str) -> bool:
        if not path.endswith(self.ends) or (self.words and not any(word in path for word in self.words)):
            return False
        return self.takes is None or self.takes.search(path) is not None

    def units(self, tree: Tree, paths: Sequence[str], variable_files: Sequence[str]) -> list[Plan]:
        wanted = [path for path in paths if self.may_take(path)]
        if not wanted:
            return []
        frontend = import_module(self.module)
        if self.format == "terraform":
            return cast(list[Plan], frontend.units(tree, wanted, variable_files))
        return cast(list[Plan], frontend.units(tree, wanted))

    def read_unit(self, tree: Tree, plan: Plan) -> Unit:
        return cast("Unit", import_module(self.module).read_unit(tree, plan))


def _folder_structure(tree: Tree, folder: str) -> bytes:
    """What of a Terraform folder decides which root modules there are and which files each may read."""
    from rolecall.frontends.terraform.folders import folders_of

    return folders_of(tree).sketch(tree, folder).structure


def _is_template(path: str, text: SourceText) -> bool:
    from rolecall.frontends.cloudformation.template import is_template

    return is_template(path, text)


def _is_manifest(path: str, text: SourceText) -> bool:
    from rolecall.frontends.kubernetes.manifests import may_hold_objects

    return may_hold_objects(path, text.data)


_YAML = (".yml", ".yaml")
FRONTENDS: Mapping[str, Frontend] = {
    frontend.format: frontend
    for frontend in (
        Frontend(
            "terraform",
            "rolecall.frontends.terraform.root",
            "folder",
            (".tf", ".tf.json", ".tfvars", ".tfvars.json"),
            structure=_folder_structure,
        ),
        Frontend(
            "cloudformation",
            "rolecall.frontends.cloudformation.reading",
            "taken",
            (*_YAML, ".json", ".template", ".cfn", ".cform"),
            sniff=_is_template,
        ),
        Frontend(
            "github",
            "rolecall.frontends.pipelines.github",
            "taken",
            _YAML,
            (".github/", "action."),
            late(r"(?:^|/)(?:\.github/.*|action)\.ya?ml$"),
        ),
        Frontend(
            "gitlab",
            "rolecall.frontends.pipelines.gitlab",
            "taken",
            _YAML,
            ("gitlab",),
            late(r"(?:^|/)(?:[^/]*\.gitlab-ci[^/]*|\.gitlab(?:-ci)?/.+|gitlab-ci/.+)\.ya?ml$"),
        ),
        Frontend(
            "azure-pipelines",
            "rolecall.frontends.pipelines.azure",
            "taken",
            _YAML,
            ("azure", "pipelines", ".ado"),
            late(
                r"(?:^|/)(?:[^/]*azure-pipelines?[^/]*|\.azuredevops/.+|\.azure-pipelines/.+|azure-pipelines/.+"
                r"|\.pipelines/.+|\.ado/.+|eng/pipelines/.+)\.ya?ml$"
            ),
        ),
        Frontend(
            "bitbucket",
            "rolecall.frontends.pipelines.bitbucket",
            "file",
            _YAML,
            ("bitbucket",),
            late(r"(?:^|/)bitbucket-pipelines[^/]*\.ya?ml$"),
        ),
        Frontend(
            "circleci",
            "rolecall.frontends.pipelines.circleci",
            "file",
            _YAML,
            (".circleci/",),
            late(r"(?:^|/)\.circleci/[^/]+\.ya?ml$"),
        ),
        Frontend(
            "jenkins",
            "rolecall.frontends.pipelines.jenkins",
            "file",
            words=("enkinsfile", "vars/"),
            takes=late(r"enkinsfile(?!\.(?:txt|md)$)[^/]*$|(?:^|/)vars/[^/]+\.groovy$"),
        ),
        Frontend(
            "kubernetes", "rolecall.frontends.kubernetes.manifests", "file", (*_YAML, ".json"), sniff=_is_manifest
        ),
    )
}
#: What some frontend takes whatever its name is otherwise.
_ALWAYS = tuple({end for frontend in FRONTENDS.values() if frontend.takes is None for end in frontend.ends})
#: Files whose content decides what other folders are: always planned anew.
_DECIDING = late(r"(?:^|/)(?:terragrunt\.hcl|modules\.json)$")


#: Those that sniff, with the bit that says of a file that it smells right.
SNIFFING: Mapping[str, tuple[int, Frontend]] = {
    frontend.format: (1 << at, frontend)
    for at, frontend in enumerate(frontend for frontend in FRONTENDS.values() if frontend.sniff is not None)
}


def smells(path: str, text: SourceText) -> int:
    """The bits of those that sniff and find that a file can form a unit of theirs."""
    return sum(
        bit
        for bit, frontend in SNIFFING.values()
        if frontend.sniff is not None and frontend.may_take(path) and frontend.sniff(path, text)
    )


def is_source(path: str) -> bool:
    """Whether any frontend may take a path."""
    return path.endswith(_ALWAYS) or any(frontend.may_take(path) for frontend in FRONTENDS.values())


def decides(path: str) -> bool:
    """Whether a file says how other folders are put together."""
    return _DECIDING.search(path) is not None

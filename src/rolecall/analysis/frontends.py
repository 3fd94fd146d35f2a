"""The frontends as a table: which files each may take, and how far a change of one file reaches."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Literal, Protocol, cast

from rolecall.source.patterns import late
from rolecall.source.records import dataclass
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

    `takes` matches the paths it may take; nothing is imported where no path matches.  `ends` are what such paths end
    in, which is told faster.  `reach` says what a change of one file may change in the list of units: "file" only the
    unit of that file; "taken" whether that file is taken, and the units of those that are; "folder" nothing as long as
    the folder's `structure` is the same.
    """

    format: str
    module: str
    takes: re.Pattern[str]
    reach: Literal["file", "taken", "folder"]
    structure: Callable[[Tree, str], bytes] | None = None
    ends: tuple[str, ...] = ("",)

    def units(self, tree: Tree, paths: Sequence[str], variable_files: Sequence[str]) -> list[Plan]:
        search = self.takes.search
        wanted = [path for path in paths if path.endswith(self.ends) and search(path)]
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


_YAML = (".yml", ".yaml")
FRONTENDS: Mapping[str, Frontend] = {
    frontend.format: frontend
    for frontend in (
        Frontend(
            "terraform",
            "rolecall.frontends.terraform.root",
            re.compile(r"\.(?:tf|tf\.json|tfvars|tfvars\.json)$"),
            "folder",
            _folder_structure,
        ),
        Frontend(
            "cloudformation",
            "rolecall.frontends.cloudformation.reading",
            re.compile(r"\.(?:ya?ml|json|template|cfn|cform)$"),
            "taken",
        ),
        Frontend(
            "github",
            "rolecall.frontends.pipelines.github",
            re.compile(r"(?:^|/)(?:\.github/.*|action)\.ya?ml$"),
            "taken",
            ends=_YAML,
        ),
        Frontend(
            "gitlab",
            "rolecall.frontends.pipelines.gitlab",
            re.compile(r"(?:^|/)(?:[^/]*\.gitlab-ci[^/]*|\.gitlab(?:-ci)?/.+|gitlab-ci/.+)\.ya?ml$"),
            "taken",
            ends=_YAML,
        ),
        Frontend(
            "azure-pipelines",
            "rolecall.frontends.pipelines.azure",
            re.compile(
                r"(?:^|/)(?:[^/]*azure-pipelines?[^/]*|\.azuredevops/.+|\.azure-pipelines/.+|azure-pipelines/.+"
                r"|\.pipelines/.+|\.ado/.+|eng/pipelines/.+)\.ya?ml$"
            ),
            "taken",
            ends=_YAML,
        ),
        Frontend(
            "bitbucket",
            "rolecall.frontends.pipelines.bitbucket",
            re.compile(r"(?:^|/)bitbucket-pipelines[^/]*\.ya?ml$"),
            "file",
            ends=_YAML,
        ),
        Frontend(
            "circleci",
            "rolecall.frontends.pipelines.circleci",
            re.compile(r"(?:^|/)\.circleci/[^/]+\.ya?ml$"),
            "file",
            ends=_YAML,
        ),
        Frontend(
            "jenkins",
            "rolecall.frontends.pipelines.jenkins",
            re.compile(r"enkinsfile(?!\.(?:txt|md)$)[^/]*$"),
            "file",
        ),
        Frontend(
            "kubernetes",
            "rolecall.frontends.kubernetes.manifests",
            re.compile(r"\.(?:ya?ml|json)$"),
            "file",
        ),
    )
}
#: Files whose content decides what other folders are: always planned anew.
_DECIDING = late(r"(?:^|/)(?:terragrunt\.hcl|modules\.json)$")


def is_source(path: str) -> bool:
    """Whether any frontend may take a path."""
    return any(path.endswith(frontend.ends) and frontend.takes.search(path) for frontend in FRONTENDS.values())


def decides(path: str) -> bool:
    """Whether a file says how other folders are put together."""
    return _DECIDING.search(path) is not None

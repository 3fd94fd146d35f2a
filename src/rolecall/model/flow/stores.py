"""What a unit's own code calls the stores that it reads: through data sources, by reference, by name and by ARN."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rolecall.frontends.resource import Resource
from rolecall.frontends.values import Hop, Mapping, Reference, Scalar, Template, Value, references
from rolecall.model.flow.store_names import key_of, state_name, store_name
from rolecall.model.parts import Reading

if TYPE_CHECKING:
    from rolecall.model.extraction import Extraction

#: Data sources that read a store: what kind, and where its name lies.
READERS = {
    "aws_ssm_parameter": ("ssm", "name"),
    "aws_secretsmanager_secret_version": ("secretsmanager", "secret_id"),
    "aws_secretsmanager_secret": ("secretsmanager", "name"),
    "kubernetes_secret": ("k8s-secret", "metadata.name"),
    "kubernetes_secret_v1": ("k8s-secret", "metadata.name"),
    "vault_generic_secret": ("vault", "path"),
    "vault_kv_secret_v2": ("vault", "name"),
    "azurerm_key_vault_secret": ("keyvault", "name"),
    "terraform_remote_state": ("tf-output", ""),
    "tfe_outputs": ("tf-output", ""),
}
_NONE = Scalar("")
_OWN_NAME = frozenset({"id", "arn", "name", "Ref", "Arn", "Id"})
MAX_DEPTH = 4
#: https://registry.terraform.io/providers/hashicorp/tfe/latest/docs/data-sources/outputs: `values`, and
#: `nonsensitive_values`.
_VALUES = ("outputs", "values", "nonsensitive_values")


class Stores:
    """Names of stores as one unit's expressions give them."""

    def __init__(self, extraction: Extraction) -> None:
        self.extraction = extraction

    def label(self, value: Value) -> str:
        """The name of the store that a value means, as far as it is known: a declared store's ARN gives its name."""
        if isinstance(value, Reference):
            target = self.extraction.resources.get(value.target)
            if target is not None and value.attribute in _OWN_NAME and (name := self._name(target)) is not None:
                return self.extraction.label(name)
        if isinstance(value, Template):
            return "".join(self.label(part) for part in value.parts)
        return self.extraction.label(value)

    def _name(self, target: Resource) -> Value | None:
        if target.mode == "data":
            return target.get(READERS[target.type][1]) if target.type in READERS else None
        entry = self.extraction.entries.get(target.type)
        return target.get(entry.name) if entry is not None and entry.part == "store" and entry.name else None

    def read(self, data: Resource, attribute: str, depth: int = 0) -> Iterator[Reading]:
        """What a use of a data source's attribute reads; `holder`, `field` and the rest of the way are the caller's."""
        kind, path = READERS[data.type]
        hop = Hop("data", data.address, data.header)
        if kind == "tf-output":
            yield from self._output(data, attribute, hop)
            return
        value = data.get(path)
        if value is None:
            value = next((found for name in ("arn", "id") if (found := data.get(name)) is not None), None)
        if value is None:
            return
        for reference in references(value):
            other = self.extraction.resources.get(reference.target)
            if other is not None and other.mode == "data" and other.type in READERS and depth < MAX_DEPTH:
                inner = next(self.read(other, reference.attribute, depth + 1), None)
                if inner is not None:
                    yield Reading(
                        "", kind, inner.name, inner.scope, "", data.span, key_of(attribute), (*inner.hops, hop)
                    )
                    return
        name, key = store_name(kind, self.label(value))
        scope = data.get("metadata.namespace") if kind == "k8s-secret" else None
        yield Reading(
            "",
            kind,
            name,
            self.extraction.label(scope) if scope is not None else "",
            "",
            data.span,
            key_of(attribute) or key,
            (hop,),
        )

    def _output(self, data: Resource, attribute: str, hop: Hop) -> Iterator[Reading]:
        head, _, rest = attribute.partition(".")
        name = rest.partition(".")[0] if head in _VALUES else head
        if data.type == "tfe_outputs":
            organization, workspace = (
                self.extraction.label(data.get(at) or _NONE) for at in ("organization", "workspace")
            )
            if name and workspace:
                yield Reading("", "tf-output", name, f"remote:{organization}/{workspace}", "", data.span, "", (hop,))
            return
        config = data.get("config")
        backend = data.get("backend")
        if not name or not isinstance(config, Mapping) or backend is None:
            return
        state = state_name(self.extraction.label(backend), config, data.module)
        if state:
            yield Reading("", "tf-output", name, state, "", data.span, "", (hop,))

"""Data sources whose result the code itself decides: policy documents, template files, local files."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from rolecall.frontends.terraform.declaration import Declaration
from rolecall.frontends.terraform.expressions import evaluate_template_text
from rolecall.frontends.terraform.policy_document import document
from rolecall.frontends.values import Encoded, Entry, Hop, Mapping, Scalar, Template, Unknown, Value, through, truth

if TYPE_CHECKING:
    from rolecall.frontends.terraform.instance import Instance, InstanceKey


def computed(
    instance: Instance, declaration: Declaration, attribute: str, key: InstanceKey, address: str
) -> Callable[[], Value] | None:
    """What makes the value of a data source's attribute; None where only a provider can tell."""
    make = _COMPUTED.get((declaration.labels[0], attribute))
    if make is None:
        return None
    kind = "template" if declaration.labels[0] == "template_file" else "data"
    hop = Hop(kind, f"{instance.prefix}{address}", declaration.header)
    return lambda: through(make(instance, declaration, _only_key(instance, declaration, key)), hop)


def _only_key(instance: Instance, declaration: Declaration, key: InstanceKey) -> InstanceKey:
    if key is not None:
        return key
    condition = instance.condition_of(declaration)
    return condition.keys[0] if condition is not None and condition.keys and len(condition.keys) == 1 else None


def _policy_document(instance: Instance, declaration: Declaration, key: InstanceKey) -> Value:
    return document(declaration.body(instance.place(declaration, key)))


def _template_file(instance: Instance, declaration: Declaration, key: InstanceKey) -> Value:
    place = instance.place(declaration, key)
    template = declaration.value("template", place)
    variables = declaration.value("vars", place)
    bindings = _named(variables.entries) if isinstance(variables, Mapping) else {}
    if variables is None:  # vars { … } as a block, in the code of Terraform 0.11
        for block in declaration.nested("vars"):
            bindings.update(_named(block.body(place).entries))
    parts = template.parts if isinstance(template, Template) else (template,)
    if template is None or any(isinstance(part, Scalar) and not isinstance(part.value, str) for part in parts):
        return Unknown("template is not known", () if template is None else (template,))
    inner = place.child(bindings)
    rendered: list[Value] = []
    for part in parts:
        if isinstance(part, Scalar) and isinstance(part.value, str):
            rendered.append(through_all(evaluate_template_text(part.value, inner, part.span), part.via))
        elif part is not None:
            rendered.append(part)
    whole = rendered[0] if len(rendered) == 1 else Template(tuple(rendered), template.span)
    return through_all(whole, template.via) if len(parts) > 1 else whole


def _cloud_init(instance: Instance, declaration: Declaration, key: InstanceKey) -> Value:
    """The contents of its parts, in base64 unless that is switched off
    (https://registry.terraform.io/providers/hashicorp/cloudinit/latest/docs/data-sources/config).
    """
    place = instance.place(declaration, key)
    contents: list[Value] = []
    for block in declaration.nested("part"):
        content = block.body(place).get("content")
        if content is not None:
            contents += [Scalar("\n"), content] if contents else [content]
    if not contents:
        return Unknown("parts are not known")
    whole = contents[0] if len(contents) == 1 else Template(tuple(contents), declaration.header)
    return whole if truth(declaration.value("base64_encode", place)) is False else Encoded("base64", whole)


def through_all(value: Value, hops: tuple[Hop, ...]) -> Value:
    for hop in hops:
        value = through(value, hop)
    return value


def _named(entries: tuple[Entry, ...]) -> dict[str, Value]:
    return {entry.name: entry.value for entry in entries if entry.name is not None}


def _local_file(instance: Instance, declaration: Declaration, key: InstanceKey) -> Value:
    name = declaration.value("filename", instance.place(declaration, key))
    if isinstance(name, Scalar) and isinstance(name.value, str):
        text = instance.estate.read_file(name.value)
        if text is not None:
            whole = text.span(0, len(text.data))
            return Scalar(text.data.decode("utf-8", "replace"), whole, (*name.via, Hop("file", text.path, whole)))
    return Unknown("file is not seen", () if name is None else (name,))


_COMPUTED: dict[tuple[str, str], Callable[[Instance, Declaration, InstanceKey], Value]] = {
    ("aws_iam_policy_document", "json"): _policy_document,
    ("aws_iam_policy_document", "minified_json"): _policy_document,
    ("template_file", "rendered"): _template_file,
    ("local_file", "content"): _local_file,
    ("cloudinit_config", "rendered"): _cloud_init,
    ("template_cloudinit_config", "rendered"): _cloud_init,
}

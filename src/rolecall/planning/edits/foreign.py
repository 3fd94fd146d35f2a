"""Declarations that are read and that no planner writes: a template inside another language's text, and resources of a
provider that goes by templates' names for what it writes in its own (model/access/cloud_control.py).
"""

from __future__ import annotations

from rolecall.model.parts import Site
from rolecall.planning.edits.line_edit import Refused

_OTHERS_TEXT = (".tf", ".tofu", ".tf.json", ".tftpl", ".tpl")


def is_foreign(site: Site) -> bool:
    """Whether what is declared stands where its own language's edits would be wrong."""
    if site.format == "cloudformation":
        return site.span.path.endswith(_OTHERS_TEXT)
    return site.format == "terraform" and "::" in site.type


def refuse_foreign(site: Site) -> None:
    """Raises Refused for such a declaration."""
    if is_foreign(site):
        raise Refused("no patch is written for a template's resource in Terraform's text or by its provider awscc")

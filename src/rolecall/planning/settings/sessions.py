"""Who may ask for a long session of a role.

What AWS's own services have of a role is not subject to its longest session
(https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-settings.html); whoever else may assume it has
the duration in a profile or a pipeline, which nobody sees here, and is refused where it is longer than the role gives.
"""

from __future__ import annotations

from rolecall.model.linking import Model
from rolecall.model.parts import Site
from rolecall.planning.edits.line_edit import Refused


def refuse_askers(model: Model, site: Site) -> None:
    """Raises Refused where anybody but a service of AWS may assume the role."""
    role = next((one for one in model.identities.values() if one.site == site), None)
    if role is None or role.assume is None or not role.assume.complete:
        raise Refused("who may assume it, and for how long they ask, is not in the code")
    for statement in role.assume.statements:
        if statement.effect != "Allow":
            continue
        others = [who for kind, who in statement.principals if kind != "Service"]
        if others or not statement.principals or statement.not_principals:
            who = others[0] if others and "?" not in others[0] else "somebody whom the code leaves open"
            raise Refused(f"{who} may assume it, and for how long is not in the code: a longer session is refused then")

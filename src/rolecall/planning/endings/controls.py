"""What makes a key safer that stays: changes that take nothing away from who uses it.

An output that shows the secret is hidden from logs and from the page of a run; `terraform output -raw NAME` prints it
as before.  Outputs of modules are left alone: a caller's own output that passes on what is sensitive now has to say so
too, and the caller may be elsewhere.  https://developer.hashicorp.com/terraform/language/values/outputs#sensitive
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.planning.case import Case
from rolecall.planning.edits.hcl_edit import set_attribute
from rolecall.planning.edits.line_edit import Refused
from rolecall.planning.migration import Edit, Handover, Phase
from rolecall.planning.proofs.provider_pin import LOCK
from rolecall.planning.verdicts.mail_sender import only_sends
from rolecall.planning.verdicts.steps import user_word

_ROLLBACK = "revert the commit and apply"


def hardened(case: Case) -> Iterator[Phase]:
    """The phase that makes a key safer which stays; nothing where the code leaves nothing to do."""
    narrower = only_sends(case)
    hidden = next(hidden_outputs(case), None)
    if not narrower:
        yield from (hidden,) if hidden is not None else ()
        return
    yield Phase(
        "prepare",
        (*narrower, *(hidden.edits if hidden is not None else ())),
        (
            f"the user has no other key than this: aws iam list-access-keys --user-name {user_word(case)}",
            *(hidden.needs if hidden is not None else ()),
        ),
        (
            "mail is sent as before, and no call of the user is denied in CloudTrail",
            *(hidden.verify if hidden is not None else ()),
        ),
        _ROLLBACK,
    )


def hidden_outputs(case: Case) -> Iterator[Phase]:
    """The phase that hides the outputs of a root module which show the secret; nothing where none do, or where what
    they show is encrypted (`pgp_key`).
    """
    if "pgp" in case.credential.marks:
        return
    edits: list[Edit] = []
    names: list[str] = []
    for end in case.stores:
        store = end.store
        if store.kind != "tf-output" or store.sensitive or end.steps[0].attribute == "id" or store.site.name in names:
            continue
        unit = case.context.unit(store.site.unit, "terraform")
        if unit is None or unit.library or store.site.calls or not _is_applied(case, store.site.module):
            continue
        try:
            block = case.context.block(store.site.span)
            edits.extend(set_attribute(block.text, block.span, "sensitive", "true"))
        except Refused:
            continue
        names.append(store.site.name)
    if edits:
        yield Phase(
            "prepare",
            tuple(edits),
            ("nothing reads the secret out of the plain text that `terraform output` prints without a name",),
            (f"`terraform output` hides {', '.join(names)}; `terraform output -raw {names[0]}` prints it as before",),
            _ROLLBACK,
        )


def _is_applied(case: Case, folder: str) -> bool:
    """Whether a folder is surely a root: it says where its state lies, or has files that only a run of it makes or
    takes.
    """
    prefix = f"{folder}/" if folder else ""
    names = {path[len(prefix) :] for path in case.context.tree.paths() if path.startswith(prefix)}
    if any(name in (LOCK, "terragrunt.hcl") or name.endswith(".tfvars") for name in names if "/" not in name):
        return True
    nested = (
        inner.type for block in case.context.blocks(folder) if block.type == "terraform" for inner in block.blocks
    )
    return any(name in ("backend", "cloud") for name in nested)


def rotation(case: Case, after: str) -> Handover:
    """The step by which a key that stays is replaced every 90 days without a gap."""
    credential = case.credential
    how = (
        "declare a second aws_iam_access_key for the same user, hand its secret over, then set status "
        '= "Inactive" on the first and delete its block 14 days later'
        if credential.site.format == "terraform"
        else "declare a second AWS::IAM::AccessKey for the same user, hand its secret over, then set Status: Inactive "
        "on the first and delete it 14 days later"
    )
    return Handover(
        f"replace the key every 90 days by two keys (a user may have two): {how}",
        credential.site.address,
        "the owner of the code",
        "aws iam get-access-key-last-used --access-key-id FIRST_KEY_ID",
        f"{after}; the last use of the first key stops moving before it is deleted",
    )


def sender_steps(case: Case) -> tuple[Handover, ...]:
    """What is asked of an SMTP user of SES that stays.

    The conditions are those of https://docs.aws.amazon.com/ses/latest/dg/control-user-access.html.
    """
    missing = list(_missing(case))
    first = Handover(
        f"let it send from its own addresses and its own network only: {' and '.join(missing)} on the statement with "
        "ses:SendRawEmail",
        ", ".join(dict.fromkeys(grant.site.address for grant in case.grants)) or case.declaration.label,
        "the owner of the sender",
        '"Condition": {"StringEquals": {"ses:FromAddress": ["<its address>"]}, '
        '"IpAddress": {"aws:SourceIp": ["<its network>"]}}',
        "its mail still goes out; a message from another address or network is refused with 554 Access denied",
    )
    return (
        *((first,) if missing else ()),
        rotation(case, "mail is sent with the new SMTP password"),
        Handover(
            "or move the application to the SES API (sesv2:SendEmail) under its own role; then the user can go",
            case.declaration.label,
            "the application's team",
            "aws sesv2 send-email --from-email-address ADDRESS --destination ToAddresses=YOUR_ADDRESS --content "
            "'Simple={Subject={Data=x},Body={Text={Data=x}}}'",
            "CloudTrail, or the delivery log, shows the role, and the user's last use stops moving",
        ),
    )


def _missing(case: Case) -> Iterator[str]:
    """What a sender's statements do not ask for yet."""
    found = [g.document or getattr(case.model.policies.get(g.policy), "document", None) for g in case.grants]
    statements = [s for document in found if document is not None for s in document.statements]
    keys = {key.lower() for statement in statements for _, key, _ in statement.conditions}
    if "ses:fromaddress" not in keys:
        yield "the condition ses:FromAddress"
    if not keys & {"aws:sourceip", "aws:sourcevpce", "aws:sourcevpc"}:
        yield "the condition aws:SourceIp (aws:SourceVpce where it sends through an endpoint)"
    if not statements or any("*" in statement.resources for statement in statements):
        yield "the ARN of its identity as the resource"


def open_outputs(case: Case) -> Iterator[Handover]:
    """The steps for outputs of a template that show the secret: whoever may describe the stack reads them."""
    for end in case.stores:
        store = end.store
        if store.kind not in ("cfn-output", "cfn-export") or end.steps[0].attribute == "id":
            continue
        imports = f"aws cloudformation list-imports --export-name {store.name}" if store.kind == "cfn-export" else ""
        yield Handover(
            "hand the secret over by a secret of Secrets Manager in place of the output, then take the output out: "
            "everybody who may describe the stack reads it",
            store.site.address,
            "the owner of the template",
            imports or "aws cloudformation describe-stacks --stack-name STACK --query Stacks[0].Outputs[].OutputKey",
            "the output is not listed any more, and the reader works with the secret",
        )


def vendor_steps(case: Case, label: str, addresses: str) -> tuple[Handover, ...]:
    """What is asked of a key at a vendor that takes keys only; `addresses` is where it publishes its own."""
    grants = ", ".join(dict.fromkeys(grant.site.address for grant in case.grants))
    known = f"{label} publishes its addresses at {addresses}" if addresses else f"ask {label} for its addresses"
    return (
        Handover(
            f"let the key be used from {label}'s network only: a Deny of its actions with NotIpAddress aws:SourceIp "
            f"({known}), first on one resource; and leave only the actions and resources that it uses",
            grants or case.credential.site.address,
            "the owner of the integration",
            f"curl -s {addresses}" if addresses else f"aws iam list-user-policies --user-name {user_word(case)}",
            f"what {label} does still works; the same key is refused from another network",
        ),
        rotation(case, f"{label} works with the new key"),
        Handover(
            f"ask {label} for a way without a key (a role with an external id, or its own OpenID Connect issuer), and "
            "plan again when there is one",
            case.credential.site.address,
            "the owner of the integration",
            check=f"{label} documents it",
        ),
    )


def broker_steps(case: Case) -> tuple[Handover, ...]:
    """What is asked of a service broker that makes a key for each binding."""
    return (
        Handover(
            "bind every user that the broker makes to a permissions boundary which allows no more than the service "
            "that it hands out, and let the broker make users with that boundary only (iam:PermissionsBoundary)",
            case.owner.site.address if case.owner is not None else case.credential.site.address,
            "the owner of the broker",
            "aws iam list-users --path-prefix BROKER_PATH --query 'Users[].[UserName,CreateDate]'",
            "every user that is listed has a binding, and a boundary (aws iam get-user)",
        ),
    )

"""A key that is Inactive already, and that nothing seen uses: what is left to do.

AWS refuses every request that an Inactive key signs.  Nothing is deleted by a patch all the same: a reader out of sight
may fail for want of the place where the key lies, and that is for people to see first.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccessKey.html
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.planning.case import Case
from rolecall.planning.migration import Handover
from rolecall.planning.verdicts.steps import user_word

#: How the last reading of a place is seen, by its kind.
_READ = {
    "secretsmanager": "aws secretsmanager describe-secret --secret-id SECRET_NAME --query LastAccessedDate",
    "ssm": "aws cloudtrail lookup-events --lookup-attributes AttributeKey=ResourceName,AttributeValue=PARAMETER_NAME",
}


def last_steps(case: Case) -> Iterator[Handover]:
    """See that it is off, that nobody needs the places it lies in, then delete."""
    where = case.credential.site.address
    owner = case.owner
    yield Handover(
        "see that the key is Inactive in the account too, and for how long it has not been used",
        where,
        "the owner of the key",
        f"aws iam list-access-keys --user-name {user_word(case)}; "
        "aws iam get-access-key-last-used --access-key-id KEY_ID",
        "Status is Inactive, and the last use is older than the longest schedule of whatever may have had it",
    )
    for store in dict.fromkeys((end.store.kind, end.store.site.address) for end in case.ends):
        yield Handover(
            f"see that nothing reads {store[1]} any more",
            store[1],
            "the owner of the code that read it",
            _READ.get(store[0], ""),
            "nothing has read it for as long",
        )
    kept = dict.fromkeys(end.store.site.address for end in case.ends)
    user = f", then {owner.site.address} with its policies and memberships if it has no other key" if owner else ""
    yield Handover(
        f"delete {', '.join((where, *kept))}{user}",
        where,
        "the owner of the code",
        "terraform plan" if case.credential.site.format == "terraform" else "",
        "the plan deletes these and nothing else",
    )

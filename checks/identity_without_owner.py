"""An identity that does not say whose it is.

What it does
    Finds roles, users, managed identities and applications without a tag that names their owner, in a root module where
    most others of their kind have one, or nearly all of the estate where the module has hardly any; the `default_tags`
    of the provider count, and so do the owners of an application.  The settings of a project (`identity-tags`) may ask
    it of every identity, and name the tags for the owner, the purpose (for which a description does as well) and the
    end of life.  Names are compared without case, separators and prefixes.  Where a stack, a caller or a value that is
    not known may bring the tag, nothing is said.

Why it matters
    An identity outlives the people who made it.  When its key leaks, or its rights are to be cut, somebody has to say
    what it is for; where nobody is named nobody dares to delete it, and it stays.

Fix
    Tag it with its team, or have the provider do that for everything (`default_tags`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.parts import Identity
from rolecall.model.rule import Example, Rule
from rolecall.model.state.tags import DESCRIPTION, MORE, OWNERS

RULE = Rule(
    "RC504",
    "identity-without-owner",
    "lifecycle",
    "low",
    "an identity does not say whose it is",
    confidence="medium",
    controls=("NIST 800-53 AC-2", "ISO 27001 A.5.9", "ISO 27001 A.5.16", "OWASP NHI1"),
    level_now="L3",
    level_target="L5",
)
#: What names an owner where the settings do not say it, as model.tags.plain has names.
_OWNER_NAMES = """
    owner owners owneremail ownedby ownerteam ownercontact ownername serviceowner serviceteam businessowner
    technicalowner productowner dataowner systemowner team teamname teamemail squad contact contactemail maintainer
    maintainers maintainedby responsible responsibleteam businessunit department supportteam
"""
_OWNER = frozenset(_OWNER_NAMES.split())
_INSTEAD = {"owner": OWNERS, "purpose": DESCRIPTION}
_SAYS = {"owner": "whose it is", "purpose": "what it is for", "expiry": "when it ends"}
# Below this many with an owner it may be chance; and below this many in all root modules taken together, of which
# nearly all must have one, for what stands in a root module with hardly any of its kind.
_MANY = 2
_MANY_OF_ALL, _NEARLY_ALL = 10, 0.8


def check(model: Model) -> Iterator[Finding]:
    """One finding for each identity that lacks what the settings ask for, or what most of its neighbours have."""
    asked = {fact.name: frozenset(fact.value.split()) for fact in model.facts.get("asked-tags", ())}
    neighbours: dict[tuple[str, str], list[Identity]] = defaultdict(list)
    for identity in model.identities.values():
        if identity.tags is not None and identity.nature != "human":
            neighbours[(identity.site.unit, _kind(identity))].append(identity)
    seen: set[tuple[str, int]] = set()
    everywhere = {} if asked else _customs(neighbours)
    for (_, kind), group in neighbours.items():
        here = not asked and _is_custom(group)
        wanted = asked or ({"owner": _OWNER} if here or (len(group) <= _MANY and everywhere.get(kind)) else {})
        for identity in group if wanted else ():
            lacking = list(_lacking(identity, wanted))
            if lacking and identity.site.declaration not in seen:
                seen.add(identity.site.declaration)
                yield _finding(identity, lacking, _ASKED if asked else _HERE if here else _ELSEWHERE)


def _customs(neighbours: Mapping[tuple[str, str], list[Identity]]) -> dict[str, bool]:
    """Of which kinds nearly all identities of the estate say whose they are, in whichever root module."""
    kinds: dict[str, list[Identity]] = defaultdict(list)
    for (_, kind), group in neighbours.items():
        kinds[kind].extend(group)
    return {kind: _is_custom(group, _MANY_OF_ALL, _NEARLY_ALL) for kind, group in kinds.items()}


def _kind(identity: Identity) -> str:
    """What the tags of identities are compared within."""
    return identity.kind if identity.cloud == "azure" else identity.cloud


def _is_custom(group: Iterable[Identity], many: int = _MANY, share: float = 0.5) -> bool:
    """Whether at least so many identities, and such a share of them, say whose they are."""
    says = {i.site.declaration: not any(True for _ in _lacking(i, {"owner": _OWNER}, True)) for i in group}
    return sum(says.values()) >= max(many, len(says) * share)


def _lacking(identity: Identity, wanted: Mapping[str, frozenset[str]], surely: bool = False) -> Iterator[str]:
    """What an identity does not say; what it may say by a tag that is not seen only where it must be `surely`."""
    tags = frozenset(identity.tags or ())
    for what, names in wanted.items():
        if identity.cloud == "gcp" and what != "purpose":
            continue  # has no tags to say it by
        if not (tags & names or _INSTEAD.get(what) in tags or (MORE in tags and not surely)):
            yield what


_ASKED, _HERE = "as the settings ask", "as most identities of its root module do"
_ELSEWHERE = "as nearly all identities of the other root modules do"


def _finding(identity: Identity, lacking: list[str], why: str) -> Finding:
    site = identity.site
    return RULE.finding(
        f"{site.address} does not say {' or '.join(_SAYS[what] for what in lacking)}, {why}",
        site.calls[0] if site.calls and why == _ELSEWHERE else site.header,  # the module may be that of others too
        site.address,
        identity=site.address,
        key=site.address,
        help="add the owners of the application" if identity.kind == "azure:application" else "add the tag",
    )


_ROLE = """\
resource "aws_iam_role" "NAME" {MARK
  name = "NAME"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })
  TAGS
}
"""
_PROVIDER = 'provider "aws" {\n  region = "eu-central-1"\n  MORE\n}\n'


_OWNED = 'tags = { Owner = "shop", Env = "prod" }'


def _roles(third: str, provider: str = "", mark: str = "") -> str:
    """Two roles that say whose they are, and a third with these tags."""
    roles = (("orders", _OWNED, ""), ("carts", _OWNED, ""), ("mails", third, mark))
    made = (_ROLE.replace("NAME", name).replace("TAGS", tags).replace("MARK", end) for name, tags, end in roles)
    return _PROVIDER.replace("MORE", provider) + "".join(made)


_AZURE = """\
resource "azurerm_user_assigned_identity" "orders" {
  name = "orders"
  tags = { "service-owner" = "shop" }
}

resource "azurerm_user_assigned_identity" "carts" {
  name = "carts"
  tags = { team = "shop" }
}

resource "azurerm_user_assigned_identity" "mails" {MARK
  name = "mails"
}

provider "azurerm" {
  features {}
}
"""

BAD = (
    Example("one role of three", {"main.tf": _roles('tags = { Env = "prod" }', mark=" # <- RC504")}),
    Example("an empty owner", {"main.tf": _roles('tags = { Owner = "" }', mark=" # <- RC504")}),
    Example("one managed identity of three", {"main.tf": _AZURE.replace("MARK", " # <- RC504")}),
    Example(
        "a root module with one role, in an estate that says whose its roles are",
        {
            **{f"{name}/main.tf": _roles(_OWNED) for name in ("orders", "carts", "mails", "bills")},
            "site/main.tf": _PROVIDER.replace("MORE", "")
            + _ROLE.replace("NAME", "site").replace("TAGS", "").replace("MARK", " # <- RC504"),
        },
    ),
)

GOOD = (
    Example(
        "the provider says it for all", {"main.tf": _roles("", 'default_tags {\n    tags = { team = "shop" }\n  }')}
    ),
    Example(
        "tags that are given from outside",
        {"main.tf": 'variable "tags" {\n  type = map(string)\n}\n\n' + _roles("tags = var.tags")},
    ),
    Example(
        "an estate that keeps its owners elsewhere",
        {
            "main.tf": _PROVIDER.replace("MORE", "")
            + "".join(_ROLE.replace("NAME", name).replace("TAGS", "").replace("MARK", "") for name in ("a", "b", "c"))
        },
    ),
    Example("a library", {"main.tf": _roles("").removeprefix(_PROVIDER.replace("MORE", ""))}),
    Example(
        "a root module with one role, in an estate of few",
        {
            "orders/main.tf": _roles(_OWNED),
            "site/main.tf": _PROVIDER.replace("MORE", "")
            + _ROLE.replace("NAME", "site").replace("TAGS", "").replace("MARK", ""),
        },
    ),
)

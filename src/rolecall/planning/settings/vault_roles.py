"""What a policy of an Azure key vault allows, in the words of Azure's roles: a built-in role that allows the same, or a
role of one's own with exactly these actions (recipe AZ-23, rule R4).

Which action a permission is comes from the mapping that Microsoft's migration tool for vaults goes by; what the
built-in roles allow from https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/security.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_AT = "Microsoft.KeyVault/vaults/"
_EVERYTHING = "all"  # what the provider took before version 2, and the service still takes
#: For each kind of content the permissions of a policy and the data actions that each of them is.
_ACTIONS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "secret_permissions": {
        "get": ("secrets/getSecret/action",),
        "list": ("secrets/readMetadata/action",),
        "set": ("secrets/setSecret/action", "secrets/update/action"),
        "delete": ("secrets/delete",),
        "recover": ("secrets/recover/action",),
        "backup": ("secrets/backup/action",),
        "restore": ("secrets/restore/action",),
        "purge": ("secrets/purge/action",),
    },
    "key_permissions": {
        "get": ("keys/read",),
        "list": ("keys/read",),
        "update": ("keys/update/action",),
        "create": ("keys/create/action",),
        "import": ("keys/import/action",),
        "delete": ("keys/delete",),
        "recover": ("keys/recover/action",),
        "backup": ("keys/backup/action",),
        "restore": ("keys/restore/action",),
        "decrypt": ("keys/decrypt/action",),
        "encrypt": ("keys/encrypt/action",),
        "unwrapkey": ("keys/unwrap/action",),
        "wrapkey": ("keys/wrap/action",),
        "verify": ("keys/verify/action",),
        "sign": ("keys/sign/action",),
        "purge": ("keys/purge/action",),
        "release": ("keys/release/action",),
        "rotate": ("keys/rotate/action",),
        "getrotationpolicy": ("keyrotationpolicies/read",),
        "setrotationpolicy": ("keyrotationpolicies/write",),
    },
    "certificate_permissions": {
        "get": ("certificates/read",),
        "list": ("certificates/read",),
        "update": ("certificates/update/action",),
        "create": ("certificates/create/action",),
        "import": ("certificates/import/action",),
        "delete": ("certificates/delete",),
        "recover": ("certificates/recover/action",),
        "backup": ("certificates/backup/action",),
        "restore": ("certificates/restore/action",),
        "managecontacts": ("certificatecontacts/write",),
        "manageissuers": ("certificatecas/write",),
        "getissuers": ("certificatecas/read",),
        "listissuers": ("certificatecas/read",),
        "setissuers": ("certificatecas/write",),
        "deleteissuers": ("certificatecas/delete",),
        "purge": ("certificates/purge/action",),
    },
}
KINDS = tuple(_ACTIONS)
#: The built-in roles that allow what a set of actions is.  Whoever reads secrets may also see what they are called.
_BUILT_IN: Mapping[frozenset[str], str] = {
    frozenset({"secrets/getSecret/action"}): "Key Vault Secrets User",
    frozenset({"secrets/getSecret/action", "secrets/readMetadata/action"}): "Key Vault Secrets User",
    frozenset({"keys/read", "keys/wrap/action", "keys/unwrap/action"}): "Key Vault Crypto Service Encryption User",
    frozenset(
        f"keys/{verb}"
        for verb in (
            "read",
            *(f"{do}/action" for do in ("update", "backup", "encrypt", "decrypt", "wrap", "unwrap", "sign", "verify")),
        )
    ): "Key Vault Crypto User",
    **{
        frozenset(action for actions in _ACTIONS[kind].values() for action in actions): role
        for kind, role in zip(
            _ACTIONS,
            ("Key Vault Secrets Officer", "Key Vault Crypto Officer", "Key Vault Certificates Officer"),
            strict=True,
        )
    },
}


@dataclass(frozen=True, slots=True)
class Roles:
    """The built-in roles, and the data actions for a role of one's own beside them."""

    built_in: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()

    def __str__(self) -> str:
        own = f"a role of your own with the data actions {', '.join(self.actions)}" if self.actions else ""
        return " and ".join(filter(None, (*self.built_in, own)))


def roles_for(permissions: Mapping[str, Iterable[str]]) -> Roles | None:
    """The roles for permissions by kind (`KINDS`), in any case; None where one of them is not known."""
    built_in: list[str] = []
    actions: list[str] = []
    for kind, words in permissions.items():
        known = _ACTIONS[kind]
        named = {word.lower() for word in words}
        if _EVERYTHING in named:
            named = set(known)
        if not named <= known.keys():
            return None
        needed = frozenset(action for word in named for action in known[word])
        role = _BUILT_IN.get(needed)
        if role is not None:
            built_in.append(role)
        else:
            actions.extend(f"{_AT}{action}" for action in sorted(needed))
    return Roles(tuple(built_in), tuple(actions))

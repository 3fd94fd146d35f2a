"""Telling by its name and its look whether a text is a secret: a password, a token, an API key of a service.

Names decide first.  Texts whose form says whose token they are (prefixes that the vendors document, so that scanners
find them) are secrets under any name.  What names a secret, what is filled in later and what a name only sounds like is
none.  Nothing here returns or keeps the text.

Prefixes: https://docs.github.com/authentication/keeping-your-account-and-data-secure/about-authentication-to-github#githubs-token-formats,
https://docs.gitlab.com/security/tokens/#token-prefixes, https://api.slack.com/authentication/token-types,
https://docs.stripe.com/keys, https://docs.npmjs.com/about-access-tokens, https://pypi.org/help/#apitoken,
https://www.twilio.com/docs/iam/api-keys, https://huggingface.co/docs/hub/security-tokens,
https://developer.hashicorp.com/vault/docs/concepts/tokens, https://docs.databricks.com/dev-tools/auth/pat,
https://docs.newrelic.com/docs/apis/intro-apis/new-relic-api-keys/, https://docs.sentry.io/account/auth-tokens/,
https://docs.dynatrace.com/docs/dynatrace-api/basics/dynatrace-api-authentication, https://docs.docker.com/security/,
https://developer.hashicorp.com/terraform/cloud-docs/users-teams-organizations/api-tokens,
https://api.slack.com/messaging/webhooks.
"""

from __future__ import annotations

import re
from typing import Literal

from rolecall.model.secrets.aws_names import KEY_ID, SECRET_KEY, normal
from rolecall.source.patterns import late

#: Names, in lower snake case, that say that the value is a secret.
_SECRET = late(
    r"(?:^|_)(?:(?:pg)?password|passwd|passphrase|pwd|secret|client_secret|app_secret|api_?key|api_?token|apikey|auth_?token|"
    r"access_?token|refresh_?token|bearer_?token|bot_?token|webhook_?secret|signing_?(?:key|secret)|private_?key|"
    r"encryption_?key|secret_?key|secret_?key_?base|master_?key|license_?key|jwt_?(?:key|secret)|deploy_?token|"
    r"integration_?key|write_?key|token|pat|dsn_?password|pass)\d?$"
)
#: Parts of such names, and the class of credential that they tell; the first that fits counts.
_CLASSES = (
    *(("client_secret", "client-secret"), ("private_key_pass", "password"), ("private_key", "private-key")),
    *(("api_key", "api-key"), ("apikey", "api-key"), ("token", "token"), ("pass", "password"), ("pwd", "password")),
)
#: Names that say so too, and a word with which the value is something else.
_SOMETHING_ELSE = late(
    r"(?:^|_)(?:arn|name|names|id|ids|path|paths|file|files|dir|url|uri|endpoint|host|header|prefix|suffix|type|length|ttl|"
    r"expiry|expiration|expires|timeout|version|algorithm|alg|policy|rotation|region|count|limit|max|min|enabled|enable|"
    r"disable|disabled|use|skip|public|kms|ssm|secretsmanager|parameter|param|vault|store|manager|key_vault|reference|"
    r"ref|selector|mount|csrf|next|continuation|page|sort|partition|hash|object|bucket|cache|primary|foreign|idempotency|"
    r"publishable|site)(?:_|$)"
)
#: Texts that are a token whatever they are called: prefixes that their makers document.
_TOKEN = late(
    r"(?<![A-Za-z0-9_-])(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|gl(?:pat|dt|rt|ptt|ft|soat|imt|agent|cbt)-[\w.-]{16,}|"
    r"xox[abeoprs]-[\w-]{10,}|xapp-\d-[\w-]{10,}|[sr]k_(?:live|test)_[A-Za-z0-9]{10,}|npm_[A-Za-z0-9]{30,}|pypi-[\w-]{30,}|"
    r"sk-(?:ant-|proj-|svcacct-|or-v1-)?[\w-]{20,}|hf_[A-Za-z]{20,}|hv[sbr]\.[\w-]{20,}|dapi[0-9a-f]{32}|dop_v1_[0-9a-f]{40,}|"
    r"SG\.[\w-]{16,}\.[\w-]{16,}|AIza[\w-]{35}|glsa_\w{30,}|dp\.(?:pt|st|ct|sa)\.[\w.-]{20,}|pul-[0-9a-f]{30,}|"
    r"shp(?:at|ss|ca|pa)_[0-9a-f]{30,}|lin_api_\w{30,}|AC[0-9a-f]{32}:[0-9a-f]{32}|NRAK-[A-Z0-9]{20,}|sntry[su]_[\w=+/-]{20,}|"
    r"dt0[cs]\d{2}\.[A-Z0-9]{20,}\.[A-Z0-9]{40,}|dckr_[po]at_[\w-]{20,}|[A-Za-z0-9]{14}\.atlasv1\.[\w-]{50,}|"
    r"hooks\.slack\.com/services/T[A-Z0-9]{8,}/B[A-Z0-9]{8,}/[A-Za-z0-9]{20,})(?![A-Za-z0-9])"
)
#: Keys that tell Google whose project asks, which pages and apps show to everybody, and names that say that they are
#: of these (https://firebase.google.com/docs/projects/api-keys).
_SHOWN_KEY = late(r"AIza[\w-]{35}")
_SHOWN_NAME = late(r"(?:^|_)(?:public|publishable|browser|firebase|react_app|vite|nuxt|gatsby)(?:_|$)")
_PRIVATE_KEY = late(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----")
#: A URL with a password in it.
_USER_INFO = late(r"\A[a-z][a-z0-9+.-]*://[^\s/:@]+:(?P<password>[^\s/@]+)@", re.IGNORECASE)

#: Texts that stand for something to be filled in, or name where the value is kept or (a skill's id) who calls.
_FILLED_IN = late(
    r"\A(?:<[^>]*>|\[[^\]]*\]|\{\{.*\}\}|\{[A-Za-z_][\w.]*\}|\$\{.*\}|\$[\w.:-]+|#\{.*\}#?|\$\(.*\)|@Microsoft\.KeyVault\(.*|__\w+__|%\w+%|"
    r"!\w+ .*|[x.?-]{3,}|\*{3,}|amzn1\.ask\.skill\..*)\Z",
    re.IGNORECASE | re.DOTALL,
)
#: Words of a value that nobody has put a secret into yet.
_STAND_IN = late(
    r"change.?(?:me|this|it)|replace|place.?holder|to.?be.?(?:set|filled|replaced|changed|updated)|\btodo\b|fix.?me|"
    r"fill.?(?:me|in)|\b(?:your|my)[-_. ](?:own|api|secret|token|password|key|access|client|github|slack)|"
    r"\bdummy|\bfake|\bmock|set.?me|\binsert\b|will.?be.?(?:set|replaced|updated|overwritten)|\bexample\b|not.?a.?(?:real|secret)|"
    r"_here\b|\bundefined\b|\bn/?a\b|\bredacted\b|\btbd\b|\bunset\b|\bempty\b|\bmanually\b|\bmanaged\b|\bnone\b|\bnull\b|"
    r"\binitial\b|\bupdate.?me",
    re.IGNORECASE,
)
#: Addresses and paths of secrets.
_PLACE = late(r"\A(?:arn:|projects/|ssm:|vault:|secretsmanager:|file:|ref\+|\.{0,2}/|~/|[a-z][a-z0-9+.-]*://)", re.I)
_PATH = late(r"[a-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)+")
#: Names of things, in words: what a name that ends in `secret` or `token` often holds.
_WORDS = late(r"[a-z]+(?:[-_./][a-z0-9]+)+")
_ENDS_IN_THING = late(r"(?:secret|token|key|credentials?)$")
#: Settings of a chart that take the name of a Kubernetes secret (`existingSecret`, `passwordFromSecret`) or of a
#: key in one, and what is a name there (https://kubernetes.io/docs/concepts/overview/working-with-objects/names/).
_NAMES_SECRET = late(
    r"(?:^|_)existing_secret(?:_\w*key)?$|(?:^|_)(?:from|tls|pull|image_pull|ca|certs?|certificate|password|credentials?)_secret$|"
    r"(?:^|_)(?:password|passwd|user|username|token|credentials?)_secret_key$"
)
_OBJECT = late(r"[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?")
#: Settings rather than secrets.
_SETTINGS = frozenset(
    {"true", "false", "yes", "no", "on", "off", "none", "null", "always", "never", "required", "optional", "enabled"}
    | {"disabled", "auto", "basic", "bearer", "default"}
)
#: What a name has in it that may hold a secret, and the looks of names, hosts, numbers and ids of things.
_MAY_HOLD = late(r"pass|pwd|secret|token|key|cred|auth|cert|private|pin(?:_|$)|salt|(?:^|_)pat(?:_|$)|login|dsn")
_THING = late(
    r"[a-z]{1,20}\d{0,4}(?:[-_./](?:[a-z]{1,20}\d{0,4}|\d{1,4}))+|\d{12}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
)
_MAIL = late(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_AS_LONG = late(r"[A-Za-z0-9+/]{40}[^A-Za-z0-9+/=]?")
_HASH = late(r"[0-9a-f]*[a-f][0-9a-f]*")


def is_secret_name(name: str) -> bool:
    """Whether a name says that its value is a secret."""
    flat = normal(name)
    return _SECRET.search(flat) is not None and _SOMETHING_ELSE.search(flat) is None


def class_of(name: str) -> str:
    """The class of credential that a secret's name tells."""
    flat = normal(name)
    return next((cls for part, cls in _CLASSES if part in flat), "secret")


def is_token(value: str) -> bool:
    """Whether a text is, by its form, a token or a private key, or has one in it."""
    return _TOKEN.search(value) is not None or _PRIVATE_KEY.search(value) is not None


def is_shown(value: str, name: str) -> bool:
    """Whether a text is a key that is made to be shown, as what it is called says."""
    return _SHOWN_KEY.fullmatch(value) is not None and _SHOWN_NAME.search(normal(name)) is not None


def password_in_url(value: str) -> str:
    """The password in a URL's user information; "" for none."""
    match = _USER_INFO.match(value)
    return match["password"] if match else ""


def is_key_of_aws(value: str) -> bool:
    """Whether a text is an AWS access key, of which other checks speak."""
    return KEY_ID.search(value) is not None or SECRET_KEY.fullmatch(value.strip()) is not None


def like_key_of_aws(value: str) -> bool:
    """Whether a text has the length and the letters of an AWS secret key, and is no hash, path or sentence."""
    if _AS_LONG.fullmatch(value) is None or _HASH.fullmatch(value) or "/" in value[:1]:
        return False
    letters = value.rstrip("$")
    return value.isdigit() or any(c.isdigit() for c in letters)


def is_plain_word(value: str) -> bool:
    """Whether a text is a word that hardly keeps anybody out."""
    return re.fullmatch(r"[A-Za-z]{1,12}\d{0,3}", value) is not None


def is_no_secret(value: str) -> bool:
    """Whether what a store keeps is plainly no secret: an address, a person's mail, a setting."""
    flat = value.strip()
    if password_in_url(flat):
        return False
    return _PLACE.match(flat) is not None or flat.lower() in _SETTINGS or _MAIL.fullmatch(flat) is not None


def is_setting(value: str) -> bool:
    """Whether a text is a switch's position (`false`, `none`), which no cloud gives out as a key."""
    return value.strip().lower() in _SETTINGS


def names_a_thing(value: str, name: str) -> bool:
    """Whether what a store of a name keeps is the name, host, account or id of something: it looks so, and nothing in
    the store's name says otherwise.  People keep such things beside secrets, where their pipelines read them.

    >>> names_a_thing("payments-prod", "KUBE_NAMESPACE"), names_a_thing("horse-staple", "DB_PASSWORD_PROD")
    (True, False)
    """
    flat = normal(name)
    if not flat or (_MAY_HOLD.search(flat) and not _SOMETHING_ELSE.search(flat)):
        return False
    return _THING.fullmatch(value.strip()) is not None


def names_a_secret(value: str, name: str) -> bool:
    """Whether the value of a variable says where a secret is kept or is a setting, rather than being a secret."""
    flat = value.strip()
    if _PLACE.match(flat) or _PATH.fullmatch(flat) or flat.lower() in _SETTINGS or flat.isdigit():
        return True
    known = normal(name)
    if _NAMES_SECRET.search(known) and (_OBJECT.fullmatch(flat) or known.endswith("key")):
        return True
    return _ENDS_IN_THING.search(known) is not None and _WORDS.fullmatch(flat) is not None


def stands_for(value: str) -> Literal["", "nothing", "elsewhere"]:
    """What a text stands for: "" for itself, "nothing" for a secret that is still to be put there, "elsewhere" for one
    that is filled in by a program.
    """
    flat = value.strip()
    if _FILLED_IN.match(flat):
        return "elsewhere"
    return "nothing" if _STAND_IN.search(flat) else ""

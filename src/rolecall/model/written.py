"""What the text of a block must hold to matter: a look at its bytes saves the evaluation of the many that cannot."""

from __future__ import annotations

import re

#: What the text of a block must hold for a key to be in it, where its unit mints none.
KEYED = re.compile(
    rb"(?i)access[_-]?key|secret[_-]?(?:access[_-]?)?key|access[_-]?secret|aws[_-]?(?:key|secret)|AKIA"
    rb"|client[_-]?secret|sas[_-]?token|connection_?string|principal[_-]?(?:key|password|secret)|storage_?key"
    rb"|private[_-]?key|account[_-]?key|sa[_-]key|key[_-]content|(?:google|gcp|gcloud)\w*cred|credentials\s*="
    rb"|oci\w*token"
)
#: What it must hold to be fed by a minted key.
REFERENCE = re.compile(rb"aws_iam_|azuread_|google_|oci_|tls_|local\.|module\.|var\.")

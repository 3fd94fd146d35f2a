"""The digests of `hashlib`, without OpenSSL: loading it takes longer than hashing every file of a small estate.

What is taken are the modules in which CPython itself implements them; where one is missing (another interpreter, a
build without it), `hashlib` is asked as ever.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__all__ = ["blake2b", "sha256"]

if TYPE_CHECKING:
    from hashlib import blake2b, sha256
else:

    def _first(name: str, *modules: str) -> Any:
        for module in modules:
            try:
                return getattr(import_module(module), name)
            except (ImportError, AttributeError):
                continue
        return getattr(import_module("hashlib"), name)

    blake2b = _first("blake2b", "_blake2")
    sha256 = _first("sha256", "_sha2", "_sha256")  # from Python 3.12 on, before

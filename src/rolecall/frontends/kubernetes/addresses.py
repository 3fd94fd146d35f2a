"""Addresses of objects: `Kind.namespace.name`, once each in a file, as other scanners write them.

An object that names no namespace gets `default`, which is where it goes unless somebody says otherwise.
"""

from __future__ import annotations


class Addresses:
    """Those of one file as they are given out.  A branch of a template may write the same object again: `…#2`."""

    def __init__(self) -> None:
        self._taken: dict[str, int] = {}

    def take(self, kind: str, namespace: str, name: str) -> str:
        address = f"{kind}.{namespace or 'default'}.{name}"
        count = self._taken[address] = self._taken.get(address, 0) + 1
        return address if count == 1 else f"{address}#{count}"

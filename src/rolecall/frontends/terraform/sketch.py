"""What of a Terraform folder decides which root modules there are and what each may read: plain data, little of it."""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.frontends.terraform.module import Module
from rolecall.source.digests import blake2b
from rolecall.source.patterns import late
from rolecall.source.records import dataclass
from rolecall.source.tree import Tree, Unreadable

_NAMED_FILE = late(rb'\b(?:templatefile|file(?:base64|exists|set|md5|sha\d+)?)\s*\(\s*("(?:[^"\\\n]|\\.)*")?')
_FILE_CALL = late(rb"\b(?:templatefile|file\w*)\s*\([^)\n]*\n?[^)\n]*|\blocal_file\b")


@dataclass(frozen=True, slots=True)
class Sketch:
    """One folder: its code files, the plainly written sources of its calls, whether it has a backend and providers.

    `reads` are the names that its `file()` calls are given, as written, None for a computed one; with `local_files` it
    may read any file below it.  `structure` is the same as long as none of this changes.
    """

    files: tuple[str, ...] = ()
    sources: tuple[tuple[str, str], ...] = ()
    backend: bool = False
    providers: bool = False
    reads: tuple[bytes | None, ...] = ()
    local_files: bool = False
    structure: bytes = b""


def sketch_of(tree: Tree, module: Module) -> Sketch:
    """The sketch of a module that was read."""
    backend = any(settings.nested("backend") or settings.nested("cloud") for settings in module.settings)
    sources = tuple(sorted(module.sources.items()))
    providers = bool(module.providers)
    digest = blake2b(digest_size=8)
    digest.update(repr((list(sources), providers, backend)).encode("utf-8", "replace"))
    reads: list[bytes | None] = []
    local_files = False
    for path, data in _contents(tree, module):
        if b"file" not in data:
            continue
        digest.update(b"\0".join([path.encode("utf-8", "replace"), *_FILE_CALL.findall(data)]))
        reads.extend(found[1] for found in _NAMED_FILE.finditer(data))
        local_files = local_files or b"local_file" in data
    return Sketch(module.files, sources, backend, providers, tuple(reads), local_files, digest.digest())


def _contents(tree: Tree, module: Module) -> Iterator[tuple[str, bytes]]:
    for path in module.files:
        try:
            yield path, tree.read(path).data
        except Unreadable:
            continue

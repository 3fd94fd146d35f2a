"""`dataclass` for the plain data that everything is made of: frozen for the type checker, quick at run time.

What the standard one makes for `frozen=True, slots=True` costs a third of the time that a check of ten files takes (six
functions compiled for each class) and refuses assignments by a detour that triples the time to make an instance, of
which a large estate has millions.  mypy refuses them before anything runs, so here a class gets an ordinary `__init__`,
compiled when the first instance is made, and compares and hashes by its fields.  `fields`, `replace` and `match` work
as ever.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["dataclass"]

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    import dataclasses
    from operator import attrgetter

    def dataclass(cls=None, /, *, frozen=False, slots=False, eq=True, **options):
        """As dataclasses.dataclass; only what is frozen, has slots and is compared is made in the other way."""
        if cls is not None or not (frozen and slots and eq) or options:
            return dataclasses.dataclass(cls, frozen=frozen, slots=slots, eq=eq, **options)
        return _record

    def _record(cls):
        made = dataclasses.dataclass(cls, init=False, repr=False, eq=False, slots=True)
        made.__init__ = _first_init
        made.__repr__ = _repr
        made.__eq__ = _eq
        made.__hash__ = _hash
        return made

    def _first_init(self, *args, **kwargs):
        """Compiles the `__init__` of a class and runs it."""
        cls = type(self)
        names, lines, known = [], [], {"_UNSET": _UNSET}
        for item in dataclasses.fields(cls):
            value = item.name
            if item.default_factory is not dataclasses.MISSING:
                known[f"_make_{item.name}"] = item.default_factory
                names.append(f"{item.name}=_UNSET")
                value = f"_make_{item.name}() if {item.name} is _UNSET else {item.name}"
            elif item.default is not dataclasses.MISSING:
                known[f"_default_{item.name}"] = item.default
                names.append(f"{item.name}=_default_{item.name}")
            else:
                names.append(item.name)
            lines.append(f" self.{item.name} = {value}")
        exec(f"def __init__(self, {', '.join(names)}):\n" + ("\n".join(lines) or " pass"), known)
        cls.__init__ = known["__init__"]
        cls.__init__(self, *args, **kwargs)

    _UNSET = object()

    def _getter(cls):
        """What reads the fields of a class's instances, as a tuple; made when it is first asked for."""
        names = [item.name for item in dataclasses.fields(cls)]
        if not names:
            get = _nothing
        elif len(names) == 1:
            one = attrgetter(names[0])

            def get(self):
                return (one(self),)

        else:
            get = attrgetter(*names)
        _GETTERS[cls] = get
        return get

    _GETTERS = {}

    def _nothing(_):
        return ()

    def _values(self):
        cls = type(self)
        return (_GETTERS.get(cls) or _getter(cls))(self)

    def _eq(self, other):
        if other.__class__ is not self.__class__:
            return NotImplemented
        return _values(self) == _values(other)

    def _hash(self):
        return hash(_values(self))

    def _repr(self):
        pairs = ", ".join(f"{item.name}={getattr(self, item.name)!r}" for item in dataclasses.fields(self))
        return f"{type(self).__qualname__}({pairs})"

"""`dataclass` for the plain data that everything is made of: frozen for the type checker, quick at run time.

What the standard one makes for `slots=True` costs a third of the time that a check of ten files takes (up to six
functions compiled for each class, and a `Field` for each attribute), and for `frozen=True` it refuses assignments by a
detour that triples the time to make an instance, of which a large estate has millions.  mypy refuses them before
anything runs, so here a class gets an ordinary `__init__`, compiled when the first instance is made, and compares and
hashes by its fields.  `fields`, `replace` and `match` work as ever; what they need is made when they first ask.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["dataclass", "replace"]

if TYPE_CHECKING:
    from dataclasses import dataclass, replace
else:
    import dataclasses
    from operator import attrgetter

    def dataclass(cls=None, /, *, frozen=False, slots=False, eq=True, **options):
        """As dataclasses.dataclass; only what asks for something special is left to that."""

        def made(cls):
            if options or not _plain(cls):
                return dataclasses.dataclass(cls, frozen=frozen, slots=slots, eq=eq, **options)
            return _record(cls, _METHODS[frozen] if eq else _METHODS[None], slots)

        return made if cls is None else made(cls)

    #: The fields of each record, those of its bases first: the default or `Field` of each, `_UNSET` for none.
    _FIELDS = {}
    _UNSET = object()

    def _plain(cls):
        """Whether a class says nothing of which only the standard library knows what it means."""
        written = " ".join(map(str, _own(cls).values()))
        return (
            not any(word in written for word in ("ClassVar", "InitVar", "KW_ONLY"))
            and not hasattr(cls, "__post_init__")
            and all(base in _FIELDS for base in cls.__mro__[1:] if "__dataclass_fields__" in base.__dict__)
        )

    def _own(cls):
        """What a class itself annotates."""
        return cls.__dict__.get("__annotations__", {})  # noqa: RUF063 (that would import `inspect`'s relatives)

    def _record(cls, methods, slots):
        own = {name: cls.__dict__.get(name, _UNSET) for name in _own(cls)}
        every = {}
        for base in cls.__mro__[-2:0:-1]:
            every |= _FIELDS.get(base, {})
        slotted = tuple(name for name in own if name not in every)
        every |= own
        described = _Described()
        added = {
            **{name: method for name, method in methods.items() if cls.__dict__.get(name) is None},
            "__match_args__": tuple(every),
            "__dataclass_fields__": described,
            "__dataclass_params__": _Like.__dataclass_params__,
        }
        if slots:  # cannot be added to a class that there is
            members = {name: value for name, value in cls.__dict__.items() if name not in own and name not in _MADE}
            name = cls.__qualname__
            cls = type(cls)(cls.__name__, cls.__bases__, members | added | {"__slots__": slotted})
            cls.__qualname__ = name
        else:
            for name, value in added.items():
                setattr(cls, name, value)
            for name, value in own.items():
                if isinstance(value, dataclasses.Field):
                    delattr(cls, name)
        _FIELDS[cls] = every
        described.cls = cls
        return cls

    #: What each class gets of its own.
    _MADE = ("__dict__", "__weakref__")

    def replace(record, /, **changes):
        """As dataclasses.replace, without asking for what the standard library has to make first."""
        names = _FIELDS.get(type(record))
        if names is None:
            return dataclasses.replace(record, **changes)
        for name in names:
            if name not in changes:
                changes[name] = getattr(record, name)
        return type(record)(**changes)

    def _fields(cls):
        return next(_FIELDS[base] for base in cls.__mro__ if base in _FIELDS)

    @dataclasses.dataclass(init=False, repr=False, eq=False)
    class _Like:
        """What the standard library is told of a record."""

    class _Described:
        """`__dataclass_fields__`, which the standard library makes when somebody asks for it."""

        def __get__(self, instance, owner):
            cls = self.cls
            found = {}
            for base in reversed(cls.__mro__[1:]):
                found |= getattr(base, "__dataclass_fields__", {})
            own = _own(cls)
            values = {name: _FIELDS[cls][name] for name in own if _FIELDS[cls][name] is not _UNSET}
            like = type(
                cls.__name__, (), {"__annotations__": own, "__module__": cls.__module__, "__doc__": "", **values}
            )
            found |= dataclasses.dataclass(init=False, repr=False, eq=False)(like).__dataclass_fields__
            cls.__dataclass_fields__ = found
            return found

    def _first_init(self, *args, **kwargs):
        """Compiles the `__init__` of a class and runs it."""
        cls = next(base for base in type(self).__mro__ if base.__dict__.get("__init__") is _first_init)
        names, lines, known = [], [], {"_UNSET": _UNSET}
        for name, value in _FIELDS[cls].items():
            written = name
            if isinstance(value, dataclasses.Field):
                make = value.default_factory
                value = value.default if value.default is not dataclasses.MISSING else _UNSET
                if make is not dataclasses.MISSING:
                    known[f"_make_{name}"] = make
                    written = f"_make_{name}() if {name} is _UNSET else {name}"
                    value = make
            if written != name:
                names.append(f"{name}=_UNSET")
            elif value is not _UNSET:
                known[f"_default_{name}"] = value
                names.append(f"{name}=_default_{name}")
            else:
                names.append(name)
            lines.append(f" self.{name} = {written}")
        exec(f"def __init__(self, {', '.join(names)}):\n" + ("\n".join(lines) or " pass"), known)
        cls.__init__ = known["__init__"]
        known["__init__"](self, *args, **kwargs)

    def _getter(cls):
        """What reads the fields of a class's instances, as a tuple; made when it is first asked for."""
        names = list(_fields(cls))
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
        pairs = ", ".join(f"{name}={getattr(self, name)!r}" for name in _fields(type(self)))
        return f"{type(self).__qualname__}({pairs})"

    #: What a record gets: of those that are not frozen, of frozen ones, of those that are not compared.
    _METHODS = {
        False: {"__init__": _first_init, "__repr__": _repr, "__eq__": _eq, "__hash__": None},
        True: {"__init__": _first_init, "__repr__": _repr, "__eq__": _eq, "__hash__": _hash},
        None: {"__init__": _first_init, "__repr__": _repr},
    }

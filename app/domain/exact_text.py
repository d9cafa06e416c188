"""Plain values as one text, and back: the same value always gives the same text, to the last zero.

A dataclass becomes an object of its fields in the order of their names; what is as the field's
default is left out, so that a field that comes later changes no text that was written before. A
Decimal becomes its digits, a day its date, an enum its code. Sets and mappings are sorted. No
library is used: those that write frozen dataclasses lose a mapping whose keys are dataclasses, or
the order of a set.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")

Names = tuple[tuple[str, type], ...]


class NotReadable(ValueError):
    """The text is not one that was written from a value of this type; it tells nothing of it."""


class _Form(NamedTuple):
    """How values of one type become JSON, and back."""

    written: Callable[[Any], Any]
    read: Callable[[Any], Any]


def text_of(value: Any, names: Names = ()) -> str:
    """A dataclass as text: ASCII, without spaces; raises TypeError for a type it cannot write.

    `names` are the classes that annotations name and their own module does not import.
    """
    return _dumped(_form(type(value), names).written(value))


def value_of(type_: type[T], text: str, names: Names = ()) -> T:
    """The dataclass behind a text; raises NotReadable."""
    try:
        value: T = _form(type_, names).read(json.loads(text))
    except (ValueError, TypeError, LookupError, AttributeError, InvalidOperation):
        # Without its cause: that would quote the content.
        raise NotReadable(type_.__name__) from None
    return value


def _dumped(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def _form(type_: Any, names: Names) -> _Form:
    return _made(type_, names)


@cache
def _made(type_: Any, names: Names) -> _Form:
    if is_dataclass(type_):
        return _of_fields(type_, names)
    origin, inner = get_origin(type_), get_args(type_)
    if origin in {Union, UnionType}:
        return _or_none(inner, names)
    if origin is tuple:
        return _of_tuple(inner, names)
    if origin is frozenset:
        one = _form(inner[0], names)
        return _Form(
            lambda value: sorted(map(one.written, value), key=_dumped),
            lambda written: frozenset(map(one.read, written)),
        )
    if origin is Mapping:
        return _of_pairs(_form(inner[0], names), _form(inner[1], names))
    return _plain(type_)


def _plain(type_: Any) -> _Form:
    if type_ in {str, int, bool}:
        return _Form(_exactly(type_), _exactly(type_))
    if type_ is Decimal:
        exactly, text = _exactly(Decimal), _exactly(str)
        return _Form(lambda value: str(exactly(value)), lambda written: Decimal(text(written)))
    if type_ is date:
        return _Form(date.isoformat, date.fromisoformat)
    if isinstance(type_, type) and issubclass(type_, Enum):
        return _Form(lambda value: value.value, type_)
    raise TypeError(f"no exact text is known for {type_}")


def _exactly(type_: type) -> Callable[[Any], Any]:
    """As it is, where it is of this very type: True is no 1."""

    def same(value: Any) -> Any:
        if type(value) is not type_ and not (type_ is str and isinstance(value, str)):
            raise TypeError(f"{type(value).__name__} is no {type_.__name__}")
        return value

    return same


def _or_none(inner: tuple[Any, ...], names: Names) -> _Form:
    [type_] = [each for each in inner if each is not NoneType]
    form = _form(type_, names)
    return _Form(
        lambda value: None if value is None else form.written(value),
        lambda written: None if written is None else form.read(written),
    )


def _of_tuple(inner: tuple[Any, ...], names: Names) -> _Form:
    if inner[1:] != (Ellipsis,):
        raise TypeError("a tuple of a fixed width has no exact text")
    # Found when it is needed: a line holds lines.
    return _Form(
        lambda value: [_form(inner[0], names).written(each) for each in value],
        lambda written: tuple(_form(inner[0], names).read(each) for each in written),
    )


def _of_pairs(key: _Form, value: _Form) -> _Form:
    return _Form(
        lambda mapping: sorted(
            ([key.written(each), value.written(mapping[each])] for each in mapping),
            key=lambda pair: _dumped(pair[0]),
        ),
        lambda written: {key.read(each): value.read(one) for each, one in written},
    )


def _of_fields(type_: Any, names: Names) -> _Form:
    hints = get_type_hints(type_, localns=dict(names))
    forms = {each.name: _form(hints[each.name], names) for each in fields(type_)}
    defaults = {each.name: each.default for each in fields(type_) if each.default is not MISSING}
    left_out = {name: forms[name].written(default) for name, default in defaults.items()}

    def written(value: Any) -> dict[str, Any]:
        if type(value) is not type_:
            raise TypeError(f"{type(value).__name__} is no {type_.__name__}")
        parts = {}
        for name, form in forms.items():
            part = getattr(value, name)
            # The default itself needs no writing to be left out, and most fields are as it is.
            if name not in defaults:
                parts[name] = form.written(part)
            elif part is not defaults[name] and (text := form.written(part)) != left_out[name]:
                parts[name] = text
        return parts

    def read(parts: Any) -> Any:
        return type_(**{name: forms[name].read(part) for name, part in parts.items()})

    return _Form(written, read)

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
from json.encoder import encode_basestring_ascii as _quoted
from operator import attrgetter
from types import NoneType, UnionType
from typing import Any, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")

Names = tuple[tuple[str, type], ...]
_Write = Callable[[Any], str]


class NotReadable(ValueError):
    """The text is not one that was written from a value of this type; it tells nothing of it."""


class Kinds(NamedTuple):
    """What is known of the classes that are written.

    `names` are those that annotations name and their own module does not import. Of `shared` there
    are few instances, each a part of many values: their texts are remembered.
    """

    names: Names = ()
    shared: tuple[type, ...] = ()


_PLAIN = Kinds()


class _Form(NamedTuple):
    """How values of one type become JSON, and how what JSON holds becomes them again.

    `present` writes what is known not to be None, where that is quicker; `plain` is the type of
    what whoever writes many of them may write by itself.
    """

    written: _Write
    read: Callable[[Any], Any]
    present: _Write | None = None
    plain: type | None = None


def text_of(value: Any, kinds: Kinds = _PLAIN) -> str:
    """A dataclass as text: ASCII, without spaces; raises TypeError for a type it cannot write."""
    type_: Any = type(value)
    return _form(type_, kinds).written(value)


def value_of(type_: type[T], text: str, kinds: Kinds = _PLAIN) -> T:
    """The dataclass behind a text; raises NotReadable."""
    try:
        wanted: Any = type_
        value: T = _form(wanted, kinds).read(json.loads(text))
    except (ValueError, TypeError, LookupError, AttributeError, InvalidOperation):
        # Without its cause: that would quote the content.
        raise NotReadable(type_.__name__) from None
    return value


@cache
def _form(type_: Any, kinds: Kinds) -> _Form:
    if is_dataclass(type_):
        form = _of_fields(type_, kinds)
        return _Form(_Remembered(form.written), form.read) if type_ in kinds.shared else form
    origin, inner = get_origin(type_), get_args(type_)
    if origin in {Union, UnionType}:
        return _or_none(inner, kinds)
    if origin is tuple:
        return _of_tuple(inner, kinds)
    if origin is frozenset:
        one = _form(inner[0], kinds)
        return _Form(
            lambda value: f"[{','.join(sorted(map(one.written, value)))}]",
            lambda written: frozenset(map(one.read, written)),
        )
    if origin is Mapping:
        return _of_pairs(_form(inner[0], kinds), _form(inner[1], kinds))
    return _plain(type_)


def _plain(type_: Any) -> _Form:
    # Each tells the type by itself: most of what is written are these.
    if type_ is str:
        return _Form(
            lambda value: _quoted(value) if isinstance(value, str) else _is(value, str),
            lambda value: _is(value, str),
            plain=str,
        )
    if type_ is int:
        return _Form(lambda value: str(_is(value, int)), lambda value: _is(value, int))
    if type_ is bool:
        return _Form(
            lambda value: "true" if _is(value, bool) else "false", lambda value: _is(value, bool)
        )
    if type_ is Decimal:
        return _Form(
            lambda value: f'"{value!s}"' if type(value) is Decimal else _is(value, Decimal),
            lambda written: Decimal(_is(written, str)),
            plain=Decimal,
        )
    if type_ is date:
        return _Form(lambda value: f'"{date.isoformat(value)}"', date.fromisoformat)
    if isinstance(type_, type) and issubclass(type_, Enum):
        texts = {member: json.dumps(member.value) for member in type_}
        return _Form(
            lambda value: texts[value] if type(value) is type_ else json.dumps(value.value), type_
        )
    raise TypeError(f"no exact text is known for {type_}")


def _is(value: Any, type_: type) -> Any:
    """As it is, where it is of this very type: True is no 1."""
    if type(value) is not type_ and not (type_ is str and isinstance(value, str)):
        raise TypeError(f"{type(value).__name__} is no {type_.__name__}")
    return value


def _or_none(inner: tuple[Any, ...], kinds: Kinds) -> _Form:
    [type_] = [each for each in inner if each is not NoneType]
    form = _form(type_, kinds)
    written = form.written
    return _Form(
        lambda value: "null" if value is None else written(value),
        lambda written: None if written is None else form.read(written),
        present=written,
        plain=form.plain,
    )


def _of_tuple(inner: tuple[Any, ...], kinds: Kinds) -> _Form:
    if inner[1:] != (Ellipsis,):
        raise TypeError("a tuple of a fixed width has no exact text")

    if inner[0] is int:
        return _Form(_numbers_written, lambda parts: tuple([_is(part, int) for part in parts]))

    @cache
    def each() -> _Form:
        # Found when it is needed: a line holds lines.
        return _form(inner[0], kinds)

    def written(value: Any) -> str:
        return f"[{','.join(map(each().written, value))}]" if value else "[]"

    def read(parts: Any) -> Any:
        return tuple(map(each().read, parts))

    return _Form(written, read)


def _numbers_written(value: Any) -> str:
    return f"[{','.join([str(each) if type(each) is int else _is(each, int) for each in value])}]"


def _of_pairs(key: _Form, value: _Form) -> _Form:
    def written(mapping: Any) -> str:
        pairs = sorted((key.written(each), value.written(one)) for each, one in mapping.items())
        return f"[{','.join([f'[{each},{one}]' for each, one in pairs])}]"

    def read(pairs: Any) -> Any:
        return {key.read(each): value.read(one) for each, one in pairs}

    return _Form(written, read)


def _of_fields(type_: Any, kinds: Kinds) -> _Form:
    hints = get_type_hints(type_, localns=dict(kinds.names))
    forms = {each.name: _form(hints[each.name], kinds) for each in fields(type_)}
    defaults = {each.name: each.default for each in fields(type_)}
    places = [
        (
            default,
            f"{_quoted(name)}:",
            form.plain,
            _writing(form, default),
            _left_out(form, default),
        )
        for name, form in sorted(forms.items())
        for default in (defaults[name],)
    ]
    parts_of = _parts(sorted(forms))

    def written(value: Any) -> str:
        parts = []
        if type(value) is not type_:
            _is(value, type_)
        for part, (default, name, plain, write, left_out) in zip(
            parts_of(value), places, strict=True
        ):
            # The default itself needs no writing to be left out, and most fields are as it is.
            if part is default:
                continue
            kind = type(part)
            # Of the others most are one of these, and a call costs more than the text of one.
            if kind is not plain:
                text = write(part)
            elif kind is str:
                text = _quoted(part)
            else:
                text = f'"{part!s}"'
            if text != left_out:
                parts.append(name + text)
        return f"{{{','.join(parts)}}}"

    def read(parts: Any) -> Any:
        return type_(**{name: forms[name].read(part) for name, part in parts.items()})

    return _Form(written, read)


def _writing(form: _Form, default: Any) -> _Write:
    """What writes a field that is not as its default."""
    return form.present if default is None and form.present is not None else form.written


def _left_out(form: _Form, default: Any) -> str | None:
    """The text of a field that is not written."""
    return None if default is MISSING else form.written(default)


def _parts(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    if len(names) < 2:
        return lambda value: tuple(getattr(value, name) for name in names)
    parts: Callable[[Any], tuple[Any, ...]] = attrgetter(*names)
    return parts


class _Remembered:
    """Writes values that do not change, each once for as long as it is among the last ones."""

    _MOST = 64

    def __init__(self, write: _Write) -> None:
        self._write = write
        # By identity, with the value itself, so that no other takes its place.
        self._texts: dict[int, tuple[Any, str]] = {}

    def __call__(self, value: Any) -> str:
        known = self._texts.get(id(value))
        if known is not None and known[0] is value:
            return known[1]
        if len(self._texts) >= self._MOST:
            self._texts = {}
        text = self._write(value)
        self._texts[id(value)] = (value, text)
        return text

"""How the matches of a query are to be given: their order, their number, what is added to them.

http://hl7.org/fhir/R4/search.html#return
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from app.domain.search.query import ID, Include, SortKey, SortKind
from app.fhir.resource_types import RESOURCE_TYPES
from app.fhir.search.asking import Unknown
from app.fhir.search.definitions import ParameterType, parameters_of, searchable_types
from app.fhir.subsets import Summary

MAX_COUNT = 1_000
MAX_SORT_KEYS = 5
MAX_ELEMENTS = 100

_KINDS = {
    ParameterType.TOKEN: SortKind.TOKEN,
    ParameterType.REFERENCE: SortKind.REFERENCE,
    ParameterType.DATE: SortKind.DATE,
    ParameterType.STRING: SortKind.STRING,
    ParameterType.URI: SortKind.STRING,
    ParameterType.NUMBER: SortKind.NUMBER,
    ParameterType.QUANTITY: SortKind.NUMBER,
}
_ELEMENT = re.compile(r"[A-Za-z][A-Za-z0-9]{0,63}", re.ASCII)
_EVERYTHING = "*"


class Total(StrEnum):
    """The values of `_total`."""

    NONE = "none"
    ESTIMATE = "estimate"
    ACCURATE = "accurate"


@dataclass(frozen=True, slots=True)
class Order:
    """The keys of `_sort` that are known, and whether there were others."""

    keys: tuple[SortKey, ...]
    is_whole: bool

    def __str__(self) -> str:
        return ",".join(f"{'-' if key.is_descending else ''}{key.name}" for key in self.keys)


def count(text: str) -> int:
    """A number of matches on a page; more than `MAX_COUNT` is taken as that."""
    if not re.fullmatch(r"[0-9]{1,12}", text, re.ASCII):
        raise ValueError("a whole number of 0 or more")
    return min(int(text), MAX_COUNT)


def summary(text: str) -> Summary:
    """A value of `_summary`."""
    try:
        return Summary(text)
    except ValueError:
        raise ValueError("true, text, data, count or false") from None


def total(text: str) -> Total:
    """A value of `_total`."""
    try:
        return Total(text)
    except ValueError:
        raise ValueError("none, estimate or accurate") from None


def elements(text: str) -> tuple[str, ...]:
    """The names of elements of the resource itself."""
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    if len(names) > MAX_ELEMENTS or not all(map(_ELEMENT.fullmatch, names)):
        raise ValueError(f"up to {MAX_ELEMENTS} names of elements with commas between them")
    return names


def order(type: str, text: str) -> Order:
    """The keys of `_sort`: a parameter each, with a minus where the greatest comes first."""
    asked = [key.strip() for key in text.split(",")]
    if len(asked) > MAX_SORT_KEYS or not all(asked):
        raise ValueError(f"up to {MAX_SORT_KEYS} parameters with commas between them")
    keys = tuple(key for each in asked if (key := _sort_key(type, each)) is not None)
    return Order(keys, is_whole=len(keys) == len(asked))


def _sort_key(type: str, text: str) -> SortKey | None:
    name = text.removeprefix("-")
    parameter = parameters_of(type).get(name)
    if parameter is None or not (parameter.is_sortable or name == ID):
        return None
    return SortKey(name, _KINDS[parameter.type], is_descending=text.startswith("-"))


def included(type: str, text: str, *, is_reverse: bool, iterates: bool) -> Iterator[Include]:
    """The includes that a value of `_include` or `_revinclude` asks for.

    Raises Unknown for what no resource refers by, and ValueError for another form.
    """
    source, *more = text.split(":")
    if len(more) > 2 or (not more and source != _EVERYTHING) or not all((source, *more)):
        raise ValueError("Type:parameter or Type:parameter:Target")
    name, target = (*more, None, None)[:2]
    if name == _EVERYTHING:
        name = None
    if source != _EVERYTHING:
        sources = [source]
    else:
        sources = sorted(_referring(type)) if is_reverse else [_EVERYTHING]
    for each in sources:
        include = Include(each, name, target, is_reverse, iterates)
        if not _is_known(type, include):
            raise Unknown
        yield include


def _referring(type: str) -> Iterator[str]:
    """The types that have a reference that may lead to this type."""
    for each in searchable_types():
        if any(parameter.may_lead_to(type) for parameter in parameters_of(each).values()):
            yield each


def _is_known(type: str, include: Include) -> bool:
    if include.target is not None and include.target not in RESOURCE_TYPES:
        return False
    if include.source == _EVERYTHING:
        return include.name is None
    if include.source not in searchable_types():
        return False
    # What is found first is of the searched type, and that is what has to be referred to.
    target = include.target or (type if include.is_reverse and not include.iterates else None)
    return any(
        parameter.type is ParameterType.REFERENCE
        and include.name in {None, parameter.code}
        and (target is None or parameter.may_lead_to(target))
        for parameter in parameters_of(include.source).values()
    )

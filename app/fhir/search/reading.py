"""A query as it was sent, read into what it asks.

http://hl7.org/fhir/R4/search.html
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.domain.search.query import Condition, Include, Search, SortKey
from app.fhir.search import results
from app.fhir.search.asking import (
    MAX_PARAMETERS,
    Asking,
    Unknown,
    Unsupported,
    not_offered,
    too_costly,
    unknown,
    unsupported,
    unusable,
)
from app.fhir.search.compartments import compartment, in_compartment
from app.fhir.search.conditions import condition
from app.fhir.search.results import Total
from app.fhir.subsets import Summary

__all__ = ["Query", "Summary", "Total", "compartment", "read_query"]

# How the answer is written is no part of what is searched.
_OF_THE_ANSWER = frozenset({"_format", "_pretty"})
# R4 has them: to pass them over would answer another question than was asked.
_NOT_OFFERED = frozenset(
    {"_text", "_content", "_filter", "_list", "_query", "_contained", "_containedType"}
)
_REVERSE = "_revinclude"
_INCLUDES = frozenset({"_include", _REVERSE})
_SORT = "_sort"
_COUNT = "_count"


@dataclass(frozen=True, slots=True)
class Query:
    """What is searched for, and how it is to be given; None where the query does not say.

    `used` are the parameters that count, as a self link repeats them; `ignored` the names of
    others.
    """

    search: Search
    includes: tuple[Include, ...] = ()
    count: int | None = None
    summary: Summary | None = None
    elements: tuple[str, ...] = ()
    total: Total | None = None
    used: tuple[tuple[str, str], ...] = ()
    ignored: tuple[str, ...] = ()


def read_query(
    type: str,
    pairs: Sequence[tuple[str, str]],
    *,
    base: str,
    now: datetime,
    is_strict: bool = False,
    compartment: tuple[str, str] | None = None,
) -> Query:
    """Read the parameters of a search, those of the URL and of the body alike.

    Literals under `base` are our own; `now` is what "about" is measured from. Raises Unacceptable
    for what cannot be asked; parameters that are not known are ignored, or refused if strict.
    """
    if len(pairs) > MAX_PARAMETERS:
        raise too_costly()
    reader = _Reader(type, Asking(base, now), is_strict)
    if compartment is not None:
        reader.conditions.append(in_compartment(type, compartment))
    for name, value in pairs:
        reader.read(name, value)
    return reader.query()


@dataclass(slots=True)
class _Reader:
    """Gathers what the parameters say, one by one."""

    type: str
    asking: Asking
    is_strict: bool
    conditions: list[Condition] = field(default_factory=list)
    includes: list[Include] = field(default_factory=list)
    order: tuple[SortKey, ...] = ()
    once: dict[str, Any] = field(default_factory=dict)
    used: list[tuple[str, str]] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)

    def read(self, name: str, value: str) -> None:
        """Take one parameter in."""
        if name in _OF_THE_ANSWER:
            return
        try:
            self._take(name, value)
        except Unknown:
            self._ignore(name)
        except Unsupported:
            raise unsupported(name) from None
        except ValueError as expected:
            raise unusable(name, expected) from None

    def query(self) -> Query:
        """All that was read."""
        if self.once.get("_summary") is Summary.TEXT and self.includes:
            text = "_summary=text is not combined with _include or _revinclude."
            raise Unacceptable(Issue(ErrorCode.SEARCH_PARAMETER, text))
        return Query(
            Search(self.type, tuple(self.conditions), self.order),
            tuple(dict.fromkeys(self.includes)),
            count=self.once.get("_count"),
            summary=self.once.get("_summary"),
            elements=self.once.get("_elements", ()),
            total=self.once.get("_total"),
            used=tuple(self.used),
            ignored=tuple(dict.fromkeys(self.ignored)),
        )

    def _take(self, name: str, value: str) -> None:
        plain, _, modifier = name.partition(":")
        if plain in _NOT_OFFERED:
            raise not_offered(name)
        if not value:
            if self.is_strict:
                raise ValueError("one")
            raise Unknown
        if plain in _INCLUDES:
            self._include(plain, modifier, value)
        elif plain == _SORT or plain in _ONCE:
            if modifier:
                raise Unsupported
            self._once(name, value)
        else:
            asked = condition(self.type, name, value, self.asking)
            self.asking.count(asked)
            self.conditions.append(asked)
            self.used.append((name, value))

    def _include(self, plain: str, modifier: str, value: str) -> None:
        if modifier not in {"", "iterate"}:
            raise Unsupported
        is_reverse, iterates = plain == _REVERSE, modifier == "iterate"
        found = results.included(self.type, value, is_reverse=is_reverse, iterates=iterates)
        for include in found:
            self.asking.count(include)
            self.includes.append(include)
        self.used.append((f"{plain}:iterate" if iterates else plain, value))

    def _once(self, name: str, value: str) -> None:
        """What has one value however often it is said: the URL and the body may both say it."""
        said = _ONCE[name](value) if name in _ONCE else results.order(self.type, value)
        if self.once.setdefault(name, said) != said:
            raise ValueError("the same value each time")
        if isinstance(said, results.Order):
            self.order, value = said.keys, str(said)
            if not said.is_whole:
                self._ignore(name)
        elif name == _COUNT:
            value = str(said)
        if value and (name, value) not in self.used:
            self.used.append((name, value))

    def _ignore(self, name: str) -> None:
        if self.is_strict:
            raise unknown(name)
        self.ignored.append(name)


_ONCE: Mapping[str, Callable[[str], Any]] = {
    _COUNT: results.count,
    "_summary": results.summary,
    "_elements": results.elements,
    "_total": results.total,
}

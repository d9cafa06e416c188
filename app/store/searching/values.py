"""What one value that is looked for asks of one entry of the index.

http://hl7.org/fhir/R4/search.html#prefix
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import singledispatchmethod
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Table,
    and_,
    false,
    func,
    literal,
    or_,
    true,
)

from app.domain.search.query import (
    Comparator,
    DateMatch,
    Match,
    NumberMatch,
    ReferenceMatch,
    TextMatch,
    TextMode,
    TokenMatch,
)
from app.domain.search.texts import normal
from app.store import tables
from app.store.search.rows import SearchRows, can_be_kept

_TABLES: dict[type[Match], Table] = {
    TokenMatch: tables.search_token,
    ReferenceMatch: tables.search_reference,
    DateMatch: tables.search_date,
    TextMatch: tables.search_string,
    NumberMatch: tables.search_number,
}


def table_of(match: Match) -> Table:
    """Where the entries are that this value may meet."""
    return _TABLES[type(match)]


class Values:
    """What values ask of entries; codes are compared by their keyed hashes."""

    def __init__(self, index: SearchRows) -> None:
        self._index = index

    def code_hash(self, code: str) -> str:
        """What a code is kept as."""
        return self._index.code_hash(code)

    def is_named(self, name: str, entry: FromClause) -> ColumnElement[bool]:
        """Whether an entry has this name."""
        return entry.c.name == self._index.name(name)

    def is_any_of(self, names: Iterable[str], entry: FromClause) -> ColumnElement[bool]:
        """Whether an entry has one of these names."""
        return entry.c.name.in_(sorted(map(self._index.name, names)))

    def met_by(self, matches: Iterable[Match], entry: FromClause) -> list[ColumnElement[bool]]:
        """What an entry of their table meets if it meets any of the values.

        Codes of one system and references to one type are lists: however many there are, the
        statement is the same.
        """
        found: list[ColumnElement[bool]] = []
        listed: dict[tuple[type[Match], str | None], list[str]] = defaultdict(list)
        for match in matches:
            if isinstance(match, TokenMatch) and match.code is not None:
                listed[TokenMatch, match.system].append(match.code)
            elif isinstance(match, ReferenceMatch):
                listed[ReferenceMatch, match.type].append(match.id)
            else:
                found.append(self.met(match, entry))
        for (kind, group), values in listed.items():
            listing = self._coded_as if kind is TokenMatch else _referring
            found.append(listing(group, sorted({*filter(can_be_kept, values)}), entry))
        return found

    def _coded_as(
        self, system: str | None, codes: list[str], entry: FromClause
    ) -> ColumnElement[bool]:
        is_coded: ColumnElement[bool]
        is_coded = entry.c.code_hash.in_([self._index.code_hash(code) for code in codes])
        return and_(is_coded, *self._coded(None, system, entry))

    @singledispatchmethod
    def met(self, match: Match, entry: FromClause) -> ColumnElement[bool]:
        """Whether an entry of the value's own table meets it."""
        raise TypeError(type(match).__name__)

    @met.register
    def _(self, match: TokenMatch, entry: FromClause) -> ColumnElement[bool]:
        return and_(true(), *self._coded(match.code, match.system, entry))

    @met.register
    def _(self, match: ReferenceMatch, entry: FromClause) -> ColumnElement[bool]:
        if not can_be_kept(f"{match.type or ''}{match.id}"):
            return false()
        is_target = entry.c.target_id == match.id
        if match.type is None:
            return is_target
        return and_(is_target, entry.c.target_type == match.type)

    @met.register
    def _(self, match: DateMatch, entry: FromClause) -> ColumnElement[bool]:
        return within(match, entry.c.low, entry.c.high)

    @met.register
    def _(self, match: NumberMatch, entry: FromClause) -> ColumnElement[bool]:
        low, high = entry.c.low, entry.c.high
        asked: dict[Comparator, ColumnElement[bool]] = {
            Comparator.EQUAL: and_(low >= match.low, high <= match.high),
            Comparator.NOT_EQUAL: or_(low < match.low, high > match.high),
            Comparator.GREATER: high > match.exact,
            Comparator.LESS: low < match.exact,
            Comparator.GREATER_OR_EQUAL: high >= match.exact,
            Comparator.LESS_OR_EQUAL: low <= match.exact,
            Comparator.STARTS_AFTER: low > match.exact,
            Comparator.ENDS_BEFORE: high < match.exact,
            Comparator.APPROXIMATELY: and_(low <= match.high, high >= match.low),
        }
        return and_(asked[match.comparator], *self._coded(match.code, match.system, entry))

    @met.register
    def _(self, match: TextMatch, entry: FromClause) -> ColumnElement[bool]:
        text, plain = match.text, normal(match.text)
        if not can_be_kept(text):
            return false()
        exact: ColumnElement[str] = entry.c.exact
        asked: dict[TextMode, Callable[[], ColumnElement[bool]]] = {
            TextMode.STARTS_WITH: lambda: starts(entry.c.normal, plain),
            TextMode.CONTAINS: lambda: entry.c.normal.contains(plain, autoescape=True),
            # The exact text has no index; its plain form has, and leads to few.
            TextMode.EXACT: lambda: and_(entry.c.normal == plain, exact == text),
            TextMode.BELOW: lambda: func.substr(exact, 1, len(text)) == text,
            TextMode.ABOVE: lambda: func.substr(literal(text), 1, func.length(exact)) == exact,
        }
        return asked[match.mode]()

    def _coded(
        self, code: str | None, system: str | None, entry: FromClause
    ) -> list[ColumnElement[bool]]:
        """The code and the system of an entry, as far as they are given."""
        if not can_be_kept(f"{code or ''}{system or ''}"):
            return [false()]
        asked: list[ColumnElement[bool]] = []
        if code is not None:
            asked.append(entry.c.code_hash == self._index.code_hash(code))
        if system is not None:
            asked.append(entry.c.system_hash == self._index.system_hash(system))
        return asked


def _referring(type: str | None, ids: list[str], entry: FromClause) -> ColumnElement[bool]:
    is_target: ColumnElement[bool] = entry.c.target_id.in_(ids)
    if type is None:
        return is_target
    return and_(is_target, entry.c.target_type == type) if can_be_kept(type) else false()


def within(
    match: DateMatch, low: ColumnElement[Any], high: ColumnElement[Any]
) -> ColumnElement[bool]:
    """Whether the interval from `low` to `high` is as the date and its comparator ask."""
    is_contained = and_(low >= match.low, high <= match.high)
    asked: dict[Comparator, ColumnElement[bool]] = {
        Comparator.EQUAL: is_contained,
        Comparator.NOT_EQUAL: or_(low < match.low, high > match.high),
        Comparator.GREATER: high > match.high,
        Comparator.LESS: low < match.low,
        Comparator.GREATER_OR_EQUAL: or_(high > match.high, is_contained),
        Comparator.LESS_OR_EQUAL: or_(low < match.low, is_contained),
        Comparator.STARTS_AFTER: low > match.high,
        Comparator.ENDS_BEFORE: high < match.low,
        Comparator.APPROXIMATELY: and_(low <= match.high, high >= match.low),
    }
    return asked[match.comparator]


def starts(column: ColumnElement[str], text: str) -> ColumnElement[bool]:
    """Whether a column in the order of code points starts with a text, as a range of its index."""
    after = _successor(text)
    return and_(column >= text, true() if after is None else column < after)


def _successor(text: str) -> str | None:
    """The least text that is greater than all that start with `text`; None where there is none."""
    kept = text.rstrip("\U0010ffff")
    if not kept:
        return None
    following = ord(kept[-1]) + 1
    # Surrogates are no characters of their own and cannot be written.
    return kept[:-1] + chr(0xE000 if following == 0xD800 else following)


def in_groups(values: Sequence[Any], size: int) -> list[Sequence[Any]]:
    """So few at a time that no database finds the expression too deep or the list too long."""
    return [values[start : start + size] for start in range(0, len(values), size)]

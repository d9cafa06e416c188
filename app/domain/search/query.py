"""What is looked for: conditions that all hold, an order, and a place in it.

http://hl7.org/fhir/R4/search.html
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

# These are no entries of the index but columns of the resource itself.
ID = "_id"
LAST_UPDATED = "_lastUpdated"


class Comparator(StrEnum):
    """The prefixes of ordered values: http://hl7.org/fhir/R4/search.html#prefix."""

    EQUAL = "eq"
    NOT_EQUAL = "ne"
    GREATER = "gt"
    LESS = "lt"
    GREATER_OR_EQUAL = "ge"
    LESS_OR_EQUAL = "le"
    STARTS_AFTER = "sa"
    ENDS_BEFORE = "eb"
    APPROXIMATELY = "ap"


class TextMode(StrEnum):
    """How a text is compared: all but `exact` and `below` regardless of case and accents.

    `below` is the start of a uri as it stands, `above` a uri that is such a start.
    """

    STARTS_WITH = "starts-with"
    CONTAINS = "contains"
    EXACT = "exact"
    BELOW = "below"
    ABOVE = "above"


@dataclass(frozen=True, slots=True)
class TokenMatch:
    """`code`, `system|code`, `|code` (system ""), or `system|` (code None). None is any."""

    code: str | None
    system: str | None = None


@dataclass(frozen=True, slots=True)
class ReferenceMatch:
    """A literal reference; `type` None is any type."""

    type: str | None
    id: str


@dataclass(frozen=True, slots=True)
class DateMatch:
    """A date as the interval that its precision covers, both ends inclusive.

    For `ap` the interval is widened already.
    """

    comparator: Comparator
    low: datetime
    high: datetime


@dataclass(frozen=True, slots=True)
class TextMatch:
    """A text, as the mode compares it."""

    text: str
    mode: TextMode = TextMode.STARTS_WITH


@dataclass(frozen=True, slots=True)
class NumberMatch:
    """A number as the interval that its precision covers (100 is 99.5 to 100.5); units if given.

    `exact` is the number as it was written; comparators other than eq, ne and ap use that alone.
    """

    comparator: Comparator
    exact: Decimal
    low: Decimal
    high: Decimal
    code: str | None = None
    system: str | None = None


Match: TypeAlias = TokenMatch | ReferenceMatch | DateMatch | TextMatch | NumberMatch


@dataclass(frozen=True, slots=True)
class Has:
    """At least one entry of this name meets one of the matches; or none does, if negated.

    Several names stand where one parameter is found under several: `patient=X` in a compartment.
    `_id` (TokenMatch) and `_lastUpdated` (DateMatch) stand for the resource's own columns.
    """

    names: tuple[str, ...]
    matches: tuple[Match, ...]
    is_negated: bool = False


@dataclass(frozen=True, slots=True)
class Missing:
    """There is no entry of this name; or there is one.

    A reference by an identifier alone has one under the name of the identifier only.
    """

    name: str
    is_missing: bool

    @property
    def names(self) -> tuple[str, str]:
        """The names of what is there."""
        return (self.name, f"{self.name}:identifier")


@dataclass(frozen=True, slots=True)
class Chained:
    """An entry of this name refers to a resource of one of the types that meets the conditions.

    http://hl7.org/fhir/R4/search.html#chaining
    """

    name: str
    types: tuple[str, ...]
    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class ReferredTo:
    """A resource of `type` that meets the conditions refers to this one by `name` (`_has`)."""

    type: str
    name: str
    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One of several conditions holds."""

    conditions: tuple["Condition", ...]


Condition: TypeAlias = Has | Missing | Chained | ReferredTo | AnyOf


class SortKind(StrEnum):
    """Which kind of entry an order is taken from."""

    TOKEN = "token"  # noqa: S105  a kind of parameter, no secret
    REFERENCE = "reference"
    DATE = "date"
    STRING = "string"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class SortKey:
    """One key of an order. Ascending takes the least entry of a resource, descending the greatest.

    Resources without an entry come last either way. `_id` and `_lastUpdated` are columns.
    """

    name: str
    kind: SortKind
    is_descending: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """A place in an order: the sort values of a resource, as the store spells them, and its id."""

    values: tuple[str | None, ...]
    id: str


@dataclass(frozen=True, slots=True)
class Search:
    """All resources of a type that meet every condition, in an order that the id completes."""

    type: str
    conditions: tuple[Condition, ...] = ()
    order: tuple[SortKey, ...] = ()


@dataclass(frozen=True, slots=True)
class Include:
    """What to add to the matches: what they refer to, or what refers to them.

    `_include=source:name:target`, `_revinclude=source:name:target`; `name` None is every reference
    (`*`), `target` None every type.
    """

    source: str
    name: str | None
    target: str | None = None
    is_reverse: bool = False
    iterates: bool = False

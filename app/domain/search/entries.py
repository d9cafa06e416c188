"""What a resource is found by: one entry for each value of each of its search parameters.

A name is that of the search parameter, or one derived from it: `patient:identifier` for the
identifier of a reference, `code:text` for the words beside a code, `context-type-quantity$age` for
the second part of a composite whose first part is `age`, `*` for a reference that none tells of.
http://hl7.org/fhir/R4/search.html
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

# Nobody searches by it: it keeps what it names from being deleted.
UNSEARCHED = "*"


@dataclass(frozen=True, slots=True)
class TokenEntry:
    """A code in a system; `system` None where there is none, `code` empty where there is none.

    `sort_key` is only there for codes of the specification itself, which tell of nobody.
    """

    name: str
    code: str
    system: str | None = None
    sort_key: str | None = None


@dataclass(frozen=True, slots=True)
class ReferenceEntry:
    """A literal reference under our base; addresses elsewhere are tokens of their URL."""

    name: str
    type: str
    id: str


@dataclass(frozen=True, slots=True)
class DateEntry:
    """All instants that a date, dateTime, instant, Period or Timing covers; both ends inclusive."""

    name: str
    low: datetime
    high: datetime


@dataclass(frozen=True, slots=True)
class StringEntry:
    """A text as it stands; the store keeps it also in the form in which texts are compared."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class NumberEntry:
    """A number, an amount or a range of them; `code` is the unit's or the currency's."""

    name: str
    low: Decimal
    high: Decimal
    system: str | None = None
    code: str | None = None


Entry = TokenEntry | ReferenceEntry | DateEntry | StringEntry | NumberEntry

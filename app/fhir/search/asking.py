"""How much one query may ask, and what can be wrong with a parameter of it.

A ValueError says what a value should have been, and never quotes it.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from app.domain.issues import ErrorCode, Issue, Unacceptable

# Each condition is a statement inside the store's, and each value a comparison in it.
MAX_CONDITIONS = 100
MAX_VALUES = 1_000
# Links from one resource to the next, by `.` or by `_has`.
MAX_LINKS = 3
# Values read, also where types that a chain may lead to read one alike.
_MAX_READ = 20_000

_TELLABLE = re.compile(r"[A-Za-z0-9_.:\-]{1,200}", re.ASCII)


class Unknown(Exception):
    """The type has no such parameter: ignored, or refused if the client asked to be strict."""


class Unsupported(Exception):
    """The parameter has no such modifier here: refused always, for it would change the meaning."""


@dataclass(slots=True)
class Asking:
    """The base and the time that one query is read by, and what it has asked for so far."""

    base: str
    now: datetime
    conditions: int = 0
    values: int = 0
    read: int = 0

    def count(self, values: int) -> None:
        """Count a condition and its values; raises Unacceptable where it becomes too much."""
        self.conditions += 1
        self.values += values
        self.read += values
        is_much = self.conditions > MAX_CONDITIONS or self.values > MAX_VALUES
        if is_much or self.read > _MAX_READ:
            text = f"A search has at most {MAX_CONDITIONS} conditions and {MAX_VALUES} values."
            raise Unacceptable(Issue(ErrorCode.SEARCH_COSTLY, text))

    def uncount(self, conditions: int, values: int) -> None:
        """Go back to what had been asked, where the same had been asked already."""
        self.conditions, self.values = conditions, values


def unusable(name: str, expected: ValueError) -> Unacceptable:
    """The value of a parameter is not of its form."""
    text = f"The value of {_told(name)} is not usable: expected {expected}."
    return Unacceptable(Issue(ErrorCode.SEARCH_PARAMETER, text))


def unknown(name: str) -> Unacceptable:
    """The type has no such parameter, and the client asked to be told."""
    return Unacceptable(Issue(ErrorCode.SEARCH_PARAMETER, f"{_told(name)} is not searched here."))


def unsupported(name: str) -> Unacceptable:
    """The parameter has no such modifier here."""
    return Unacceptable(Issue(ErrorCode.SEARCH_MODIFIER, f"{_told(name)} is not supported here."))


def _told(name: str) -> str:
    """A name as it may be told back: what does not look like one may be anything."""
    return name if _TELLABLE.fullmatch(name) else "A parameter of this search"

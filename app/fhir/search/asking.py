"""How much one query may ask, and what can be wrong with a parameter of it.

A ValueError says what a value should have been, and never quotes it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.domain.search.query import AnyOf, Chained, Condition, Has, Include, ReferredTo

# Each condition is a statement inside the store's, and each value a comparison in it.
MAX_CONDITIONS = 100
MAX_VALUES = 1_000
# Of one parameter: a thousand identifiers with their systems.
MAX_CHARACTERS = 1 << 18
# Links from one resource to the next, by `.` or by `_has`.
MAX_LINKS = 3
# Parameters of all kinds, those that are ignored among them.
MAX_PARAMETERS = 1_000

_TELLABLE = re.compile(r"[A-Za-z0-9_.:\-]{1,200}", re.ASCII)


class Unknown(Exception):
    """The type has no such parameter: ignored, or refused if the client asked to be strict."""


class Unsupported(Exception):
    """The parameter has no such modifier here: refused always, for it would change the meaning."""


@dataclass(slots=True)
class Asking:
    """The base and the time that one query is read by, and what it has asked for so far.

    `known` is what a chain has read of a type before, None where the type has it not: without it, a
    chain through any type would be read for each of them in each of them.
    """

    base: str
    now: datetime
    conditions: int = 0
    values: int = 0
    known: dict[tuple[str, str, str, int], Condition | None] = field(default_factory=dict)

    def count(self, asked: Condition | Include) -> None:
        """Count what is asked; raises Unacceptable where it becomes too much."""
        conditions, values = _size(asked)
        self.conditions += conditions
        self.values += values
        if self.conditions > MAX_CONDITIONS or self.values > MAX_VALUES:
            raise too_costly()


def _size(asked: Condition | Include) -> tuple[int, int]:
    """The number of conditions, and of values in them; each link is a condition of its own."""
    if isinstance(asked, Chained | ReferredTo | AnyOf):
        sizes = [_size(each) for each in asked.conditions]
        link = 0 if isinstance(asked, AnyOf) else 1
        return link + sum(size[0] for size in sizes), sum(size[1] for size in sizes)
    return 1, len(asked.matches) if isinstance(asked, Has) else 0


def too_costly() -> Unacceptable:
    """The query asks for more than is answered at once."""
    text = (
        f"A search has at most {MAX_CONDITIONS} conditions and {MAX_VALUES} values,"
        f" and a parameter at most {MAX_CHARACTERS} characters."
    )
    return Unacceptable(Issue(ErrorCode.SEARCH_COSTLY, text))


def unusable(name: str, expected: ValueError) -> Unacceptable:
    """The value of a parameter is not of its form."""
    text = f"The value of {_told(name)} is not usable: expected {expected}."
    return Unacceptable(Issue(ErrorCode.SEARCH_PARAMETER, text))


def unknown(name: str) -> Unacceptable:
    """The type has no such parameter, and the client asked to be told."""
    return Unacceptable(Issue(ErrorCode.SEARCH_PARAMETER, f"{_told(name)} is not searched here."))


def not_offered(name: str) -> Unacceptable:
    """R4 has the parameter, and it is not offered here."""
    text = f"{_told(name)} is not offered here: ask without it."
    return Unacceptable(Issue(ErrorCode.SEARCH_PARAMETER, text))


def passed_over(names: Sequence[str]) -> str:
    """A sentence on the parameters that were ignored."""
    told = sorted({_told(name) for name in names})
    return f"Passed over, because it is not searched here: {', '.join(told)}."


def unsupported(name: str) -> Unacceptable:
    """The parameter has no such modifier here."""
    return Unacceptable(Issue(ErrorCode.SEARCH_MODIFIER, f"{_told(name)} is not supported here."))


def _told(name: str) -> str:
    """A name as it may be told back: what does not look like one may be anything."""
    return name if _TELLABLE.fullmatch(name) else "A parameter of this search"

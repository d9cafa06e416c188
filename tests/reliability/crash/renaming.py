"""States that differ in nothing but ids, and in what follows from ids, made the same."""

import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from app.store.hashing import Hasher

# By which letter an id tells when it was made: in the preparation, when it was done for the first
# time, or when it was asked for again. Their order is that of time.
PREPARED, FIRST, AGAIN = "pqr"

State = dict[str, list[dict[str, Any]]]

_ID = re.compile(rf"(?<![0-9a-z])[{PREPARED}{FIRST}{AGAIN}]\d{{7}}(?!\d)")
_HASH = re.compile(r"(?<![0-9a-f])[0-9a-f]{48}(?![0-9a-f])")
# Numbers that the database gives: where, and the columns of others that quote them.
_NUMBERED = (
    ("audit", "seq"),
    ("counter_entry", "seq"),
    ("job", "id"),
    ("payable_entry", "seq"),
    ("pended", "seq"),
    ("reservation_entry", "seq"),
)
_QUOTES = {"entry_seq": ("payable_entry", "seq")}


@dataclass
class Ids:
    """Ids one after the other, which tell when they were made."""

    letter: str = PREPARED
    numbers: Any = field(default_factory=count)

    def begin(self, letter: str) -> None:
        """The same ids as at the last time of this letter."""
        self.letter, self.numbers = letter, count()

    def __call__(self) -> str:
        """The next."""
        return f"{self.letter}{next(self.numbers):07}"


class KnownHashes(Hasher):
    """Remembers what was hashed, because that may be an id."""

    def __init__(self, key: bytes) -> None:
        super().__init__(key)
        self.parts: dict[str, str] = {}

    def __call__(self, *parts: str) -> str:
        """One hash over several parts."""
        hashed = super().__call__(*parts)
        self.parts[hashed] = repr(parts)
        return hashed


def renamed(state: State, answer: str, hashes: KnownHashes) -> Counter[str]:
    """The rows and an answer as lines in which ids and numbers are told by their order alone."""
    ranks = {
        place: {
            value: at for at, value in enumerate(sorted(row[place[1]] for row in state[place[0]]))
        }
        for place in _NUMBERED
    }
    lines = []
    for table, rows in state.items():
        for row in rows:
            told = {
                name: ranks.get(_QUOTES.get(name, (table, name)), {}).get(value, value)
                for name, value in row.items()
            }
            lines.append(f"{table} {told}")
    text = _HASH.sub(
        lambda found: hashes.parts.get(found[0], found[0]), "\n".join([answer, *lines])
    )
    order = {id: f"<{at}>" for at, id in enumerate(sorted(set(_ID.findall(text))))}
    return Counter(_ID.sub(lambda found: order[found[0]], text).split("\n"))

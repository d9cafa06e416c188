"""Entries as the rows they are kept in: what is compared hashed, what is ordered as it stands."""

from functools import lru_cache
from typing import Any

from sqlalchemy import Table

from app.domain.search.entries import (
    DateEntry,
    Entry,
    NumberEntry,
    ReferenceEntry,
    StringEntry,
    TokenEntry,
)
from app.domain.search.texts import normal
from app.store import tables
from app.store.hashing import Hasher
from app.store.tables.search import LONGEST_NAME

Row = dict[str, Any]


def can_be_kept(text: str) -> bool:
    """Whether a database can hold this text at all; if not, nothing is found by it."""
    if "\x00" in text:
        return False
    return text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text)


def _kept(text: str) -> str:
    """What a database can hold of a text."""
    if can_be_kept(text):
        return text
    return "".join(letter for letter in text if can_be_kept(letter))


class SearchRows:
    """Makes rows of entries, with hashes under the installation's key."""

    def __init__(self, hasher: Hasher) -> None:
        self.hasher = hasher

    def code_hash(self, code: str) -> str:
        """The keyed hash a code, an identifier's value or an address is found by."""
        return self.hasher("search-code", _kept(code))

    def system_hash(self, system: str | None) -> str:
        """The keyed hash of a system, or of there being none."""
        return _system_hash(self.hasher, system)

    def name(self, name: str) -> str:
        """A name as it is kept: one that is too long, of a composite with a long code, hashed."""
        if len(name) <= LONGEST_NAME and can_be_kept(name):
            return name
        return self.hasher("search-name", _kept(name))

    def row(self, entry: Entry) -> tuple[Table, Row]:
        """The table an entry is kept in, and what stands there."""
        name = self.name(entry.name)
        match entry:
            case TokenEntry():
                return tables.search_token, {
                    "name": name,
                    "code_hash": self.code_hash(entry.code),
                    "system_hash": self.system_hash(entry.system),
                    "sort_key": None if entry.sort_key is None else _kept(entry.sort_key),
                }
            case ReferenceEntry():
                target = {"target_type": entry.type, "target_id": entry.id}
                return tables.search_reference, {"name": name, **target}
            case DateEntry():
                return tables.search_date, {"name": name, "low": entry.low, "high": entry.high}
            case StringEntry():
                text = _kept(entry.text)
                return tables.search_string, {"name": name, "normal": normal(text), "exact": text}
            case NumberEntry():
                return self._number(name, entry)

    def _number(self, name: str, entry: NumberEntry) -> tuple[Table, Row]:
        has_unit = entry.code is not None
        return tables.search_number, {
            "name": name,
            "low": entry.low,
            "high": entry.high,
            "code_hash": self.code_hash(entry.code) if entry.code is not None else None,
            "system_hash": self.system_hash(entry.system) if has_unit else None,
        }


# There are few systems, and most tokens have one.
@lru_cache(maxsize=1024)
def _system_hash(hasher: Hasher, system: str | None) -> str:
    return hasher("search-system", _kept(system or ""))

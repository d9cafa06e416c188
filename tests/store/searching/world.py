"""A few resources with the entries that a test gives them, and what plain Python finds."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from app.domain.search.entries import (
    DateEntry,
    NumberEntry,
    ReferenceEntry,
    StringEntry,
    TokenEntry,
)
from app.domain.search.query import Search
from app.store.unit_of_work import UnitOfWork
from tests.builders import NOW
from tests.store.scopes import MINE


def day(number):
    """The start of a day of January 2026."""
    return datetime(2026, 1, number, tzinfo=UTC)


def token(name, code, system=None, sort_key=None):
    return TokenEntry(name, code, system, sort_key)


def link(name, reference):
    return ReferenceEntry(name, *reference.split("/"))


def date(name, low, high=None):
    return DateEntry(name, day(low), day(low if high is None else high))


def words(name, text):
    return StringEntry(name, text)


def number(name, low, high=None, system=None, code=None):
    return NumberEntry(name, low, low if high is None else high, system, code)


@dataclass
class World:
    """Resources of a test; what they are found by stands where the gateway would read it."""

    view: Callable[..., UnitOfWork]
    entries: dict[str, tuple] = field(default_factory=dict)

    def indexer(self, type, text):
        return self.entries[text]

    def seen_by(self, scope, now=NOW):
        return self.view(scope, now, self.indexer)

    def text(self, *entries):
        """A text of its own for these entries."""
        text = json.dumps({"n": len(self.entries)})
        self.entries[text] = entries
        return text

    def add(self, reference, *entries, scope=MINE, owner="scope's", now=NOW):
        """A resource that is found by these."""
        type, id = reference.split("/")
        owned_by = scope.submitter_id if owner == "scope's" else owner
        work = self.seen_by(scope, now)
        return work.resources.add(type, id, self.text(*entries), (), owned_by)

    def found(self, type, *conditions, scope=MINE, order=(), limit=1000):
        """The ids of all matches, in order."""
        page = self.seen_by(scope).search.page(Search(type, conditions, order), limit)
        assert not page.has_more
        return [stored.id for stored, _ in page.found]

"""Keys that are read where their owner publishes them, as seldom as that allows.

What was found counts for as long as the answer said, an hour at most; a name that is not among it
is looked for again once a minute; an attempt that fails takes nothing away, for a day.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from app.gateway.trust.key_sets import KeySet, NotUsable, PublicKey, key_set
from app.telemetry import log

MOST_FRESH = timedelta(hours=1)
MOST_STALE = timedelta(hours=24)
BETWEEN = timedelta(seconds=60)
# Longer than an attempt may take: 3 s.
_PATIENCE_SECONDS = 5.0


class NotFetched(Exception):
    """Nothing usable was found at an address."""


class Fetched(Protocol):
    """What was found, and for how many seconds its owner says that it counts."""

    @property
    def body(self) -> bytes:
        """The whole of it."""

    @property
    def max_age(self) -> int | None:
        """None where nothing was said."""


Fetch = Callable[[str], Fetched]


@dataclass(frozen=True, slots=True)
class Kept:
    """What was found last; `text` None where nothing was yet."""

    text: str | None = None
    fetched_at: datetime | None = None
    fresh_until: datetime | None = None


class Shelf(Protocol):
    """Where it is kept, for one process or for all."""

    def kept(self) -> Kept:
        """What is kept now."""

    def may_ask(self, now: datetime) -> bool:
        """Whether nobody asked within the last minute; then it counts as asked for now."""

    def keep(self, found: Kept) -> None:
        """Put it in the place of what was kept."""


@dataclass(slots=True)
class InMemory:
    """The shelf of one process."""

    _kept: Kept = field(default_factory=Kept)
    _asked_at: datetime | None = None
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def kept(self) -> Kept:
        """What is kept now."""
        return self._kept

    def may_ask(self, now: datetime) -> bool:
        """Whether it was not asked for within the last minute."""
        with self._guard:
            if self._asked_at is not None and now - self._asked_at < BETWEEN:
                return False
            self._asked_at = now
            return True

    def keep(self, found: Kept) -> None:
        """Put it in the place of what was kept."""
        self._kept = found


# Those who wait for the same keys wait for one attempt; by address, of which there are few.
_attempts = [threading.Lock() for _ in range(64)]


@dataclass(frozen=True, slots=True)
class FetchedKeys:
    """The keys at one address; `fetch` raises NotFetched."""

    url: str
    algorithms: frozenset[str]
    shelf: Shelf
    fetch: Fetch
    clock: Callable[[], datetime]

    def find(self, kid: str, algorithm: str) -> PublicKey | None:
        """The one key of this name; None where none is known."""
        key, is_fresh = self._known(kid, algorithm)
        if key is not None and is_fresh:
            return key
        attempt = _attempts[hash(self.url) % len(_attempts)]
        # Whoever has a key that may be used waits for nobody.
        is_mine = attempt.acquire(timeout=_PATIENCE_SECONDS if key is None else 0)
        if not is_mine:
            return key
        try:
            key, is_fresh = self._known(kid, algorithm)
            if (key is None or not is_fresh) and self.shelf.may_ask(self.clock()):
                self._renew()
                key, _ = self._known(kid, algorithm)
        finally:
            attempt.release()
        return key

    def _known(self, kid: str, algorithm: str) -> tuple[PublicKey | None, bool]:
        kept, now = self.shelf.kept(), self.clock()
        if kept.text is None or kept.fetched_at is None or now - kept.fetched_at >= MOST_STALE:
            return None, False
        is_fresh = kept.fresh_until is not None and now < kept.fresh_until
        return self._read(kept.text).find(kid, algorithm), is_fresh

    def _renew(self) -> None:
        try:
            found = self.fetch(self.url)
            text = found.body.decode()
            self._read(text)
        except (NotFetched, NotUsable, UnicodeDecodeError) as fault:
            # What is known stays: else whoever disturbs the network would lock the client out.
            log.warning("keys not fetched", error_class=type(fault).__name__)
            return
        now = self.clock()
        told = MOST_FRESH if found.max_age is None else timedelta(seconds=max(0, found.max_age))
        self.shelf.keep(Kept(text, now, now + min(told, MOST_FRESH)))

    def _read(self, text: str) -> KeySet:
        return key_set(text, self.algorithms)


def nothing_fetched(_url: str) -> Fetched:
    """For an installation that makes no calls to the outside."""
    raise NotFetched

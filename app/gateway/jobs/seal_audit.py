"""Seals the audit, within a minute of what it tells: each seal vouches for all rows before it.

Any number of clocks may tick: whoever is first seals, the others find it done. What a transaction
that is still open may write stays below no seal. Docs: docs/audit.md.
"""

from datetime import datetime, timedelta
from typing import Any

from app.gateway.installation import Installation
from app.store import seals
from app.store.database.walls import EVERYBODY
from app.store.parties import Parties
from app.store.seals import Horizon, Seals

INTERVAL = timedelta(seconds=30)
MOST_ROWS = 10_000
# What an installation had before there were seals is worked off in so many steps a tick.
_MOST_SEALS = 20


class Sealing:
    """Seals what no open transaction can add to."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._waits: Horizon | None = None
        self._next_at: datetime | None = None

    def tick(self) -> int:
        """Seal what can be sealed, where it is time to; how many rows. Raises Busy, DiskFull.

        Rows that somebody is writing are waited for by the ticks that follow, not here.
        """
        now = self._installation.clock()
        store = self._installation.store
        if self._waits is None:
            if self._next_at is not None and now < self._next_at:
                return 0
            self._waits = store.read(seals.horizon, EVERYBODY)
        if self._waits.writers and self._waits.writers & store.read(seals.writers, EVERYBODY):
            return 0
        reached, self._waits = self._waits, None
        self._next_at = now + INTERVAL
        return self._seal(reached.last_seq)

    def _seal(self, last_seq: int) -> int:
        """Up to a number, for every payer."""
        payers = self._installation.store.read(
            lambda connection: [payer.id for payer in Parties(connection).payers()], EVERYBODY
        )
        return sum(self._seal_of(payer_id, last_seq) for payer_id in payers)

    def _seal_of(self, payer_id: str, last_seq: int) -> int:
        installation, sealed = self._installation, 0
        now = installation.clock()

        def seal(connection: Any) -> int:
            return Seals(connection, payer_id, now, installation.hasher).add(last_seq, MOST_ROWS)

        for _ in range(_MOST_SEALS):
            rows = installation.store.write(seal, EVERYBODY)
            sealed += rows
            if rows < MOST_ROWS:
                break
        return sealed

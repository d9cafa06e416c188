"""What preauthorizations hold, worked out anew: a dict of sums each, and the moves in order."""

from datetime import date
from typing import Any

SUMS = ("reserved", "consumed", "restored", "released", "expired", "open")
_MOVES = {
    "reserve": {"reserved": 1, "open": 1},
    "consume": {"consumed": 1, "open": -1},
    "restore": {"restored": 1, "open": 1},
    "release": {"released": 1, "open": -1},
    "expire": {"expired": 1, "open": -1},
}


class Ledgers:
    """The ledgers of all preauthorizations, in minor units."""

    def __init__(self) -> None:
        self.sums: dict[str, dict[str, int]] = {}
        self.terms: dict[str, dict[str, Any] | None] = {}
        self.closed: set[str] = set()
        self.moves: list[tuple[str, str, int, str | None]] = []

    def used(self, id: str) -> int:
        """What Claims hold of one."""
        sums = self.sums.get(id)
        return sums["consumed"] - sums["restored"] if sums else 0

    def reserved(self, id: str) -> int:
        """What one ever reserved."""
        return self.sums[id]["reserved"] if id in self.sums else 0

    def decided(self, id: str, benefit: int, terms: dict[str, Any]) -> None:
        """A preauthorization grants a benefit, anew or again; what Claims use stays used."""
        self.terms[id] = terms
        self.closed.discard(id)
        sums = self.sums.setdefault(id, dict.fromkeys(SUMS, 0))
        missing = max(benefit - self.used(id), 0) - sums["open"]
        self._enter(id, "reserve" if missing > 0 else "release", abs(missing))

    def used_instead(self, id: str, claim: str, wanted: int) -> None:
        """A Claim takes what it wants in the place of what it has, as far as that is open."""
        before = self._held(claim).get(id, 0)
        after = min(wanted, before + self.sums[id]["open"])
        if after >= before:
            self._enter(id, "consume", after - before, claim)
        else:
            self._give_back(id, claim, before - after)

    def restored(self, claim: str) -> None:
        """A Claim gives back all that it holds of any."""
        for id, amount in sorted(self._held(claim).items()):
            self._give_back(id, claim, amount)

    def _held(self, claim: str) -> dict[str, int]:
        held: dict[str, int] = {}
        for id, kind, amount, by in self.moves:
            if by == claim:
                held[id] = held.get(id, 0) + (amount if kind == "consume" else -amount)
        return held

    def _give_back(self, id: str, claim: str, amount: int) -> None:
        self._enter(id, "restore", amount, claim)
        if id in self.closed:
            self._enter(id, "expire", amount)

    def released(self, id: str) -> int:
        """Whatever is open is given back; how much that was."""
        amount = self.sums[id]["open"]
        self._enter(id, "release", amount)
        return amount

    def cancelled(self, id: str) -> None:
        """Nothing opens it again."""
        if id in self.sums:
            self.closed.add(id)
            self.released(id)

    def expired(self, id: str) -> None:
        """Its time is over."""
        self.closed.add(id)
        self._enter(id, "expire", self.sums[id]["open"])

    def ended(self, today: date) -> list[str]:
        """Those whose last day is over, and that were not closed yet."""
        return [
            id
            for id, terms in self.terms.items()
            if terms is not None and terms["ends"] < today and id not in self.closed
        ]

    def _enter(self, id: str, kind: str, amount: int, claim: str | None = None) -> None:
        if amount == 0:
            return
        self.moves.append((id, kind, amount, claim))
        for name, sign in _MOVES[kind].items():
            self.sums[id][name] += sign * amount

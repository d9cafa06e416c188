"""What preauthorizations hold, worked out anew: sums by line and measure, moves in their order."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

SUMS = ("reserved", "consumed", "restored", "released", "expired", "open")
AMOUNT, QUANTITY = "amount", "quantity"
# Every line that the machine sends is one unit; a ledger counts ten-thousandths.
A_UNIT = 10_000
_MOVES = {
    "reserve": {"reserved": 1, "open": 1},
    "consume": {"consumed": 1, "open": -1},
    "restore": {"restored": 1, "open": 1},
    "release": {"released": 1, "open": -1},
    "expire": {"expired": 1, "open": -1},
}
# The line of a preauthorization and what is counted of it.
Part = tuple[str, str]
# By which line of a Claim.
Uses = dict[tuple[Part, str], int]


class Ledgers:
    """The ledgers of all preauthorizations: minor units, and ten-thousandths of a service."""

    def __init__(self) -> None:
        self.sums: dict[str, dict[Part, dict[str, int]]] = {}
        self.terms: dict[str, dict[str, Any] | None] = {}
        self.closed: set[str] = set()
        # The machine's payer has no run-out: what ended before today is over.
        self.today = date.min
        self.moves: list[tuple[str, str, str, str, int, str | None, str]] = []

    def used(self, id: str) -> bool:
        """Whether Claims hold anything of one."""
        return any(sums["consumed"] > sums["restored"] for sums in self._parts(id).values())

    def reserved(self, id: str) -> bool:
        """Whether one ever reserved anything."""
        return any(sums["reserved"] for sums in self._parts(id).values())

    def open_amount(self, id: str) -> int:
        """The money of all its lines that is open."""
        parts = self._parts(id).items()
        return sum(sums["open"] for (_, measure), sums in parts if measure == AMOUNT)

    def decided(self, id: str, benefits: Mapping[int, int], terms: dict[str, Any]) -> None:
        """A preauthorization grants lines, anew or again; what Claims use stays used."""
        self.terms[id] = terms
        self.closed.discard(id)
        wanted = {(str(line), AMOUNT): benefit for line, benefit in benefits.items()}
        wanted |= {(str(line), QUANTITY): A_UNIT for line in benefits}
        parts = self.sums.setdefault(id, {})
        for part in wanted.keys() - parts.keys():
            parts[part] = dict.fromkeys(SUMS, 0)
        for part, sums in sorted(parts.items()):
            used = sums["consumed"] - sums["restored"]
            missing = max(wanted.get(part, 0) - used, 0) - sums["open"]
            self._enter(id, part, "reserve" if missing > 0 else "release", abs(missing))
        if self._is_over(id):
            self.expired(id)

    def wanted(self, id: str, claim: str, lines: list[dict[str, Any]]) -> Uses:
        """What a Claim uses of one it quotes, as far as lines of the same services have it left.

        Lines that are carried over use what they have; then each what it is paid and its one unit.
        """
        held = self.held(claim).get(id, {})
        kept = {str(line["number"]) for line in lines if line["is_carried"]}
        wanted = {key: units for key, units in held.items() if key[1] in kept}
        is_over = self._is_over(id)
        left = {part: 0 if is_over else sums["open"] for part, sums in self._parts(id).items()}
        for (part, by), units in held.items():
            left[part] += 0 if by in kept else units
        for line in (line for line in lines if not line["is_carried"] and line["is_eligible"]):
            for measure, asked in ((AMOUNT, line["benefit"]), (QUANTITY, A_UNIT)):
                missing = asked
                for part in self._of_service(id, line["service"], measure):
                    taken = min(missing, left[part])
                    left[part] -= taken
                    missing -= taken
                    if taken:
                        wanted[part, str(line["number"])] = taken
        return wanted

    def used_instead(self, id: str, claim: str, wanted: Uses) -> None:
        """A Claim uses this in the place of what it has; the less comes before the more."""
        before = self.held(claim).get(id, {})
        changes = {key: wanted.get(key, 0) - before.get(key, 0) for key in {*wanted, *before}}
        for (part, by), units in sorted(changes.items(), key=lambda each: (each[1] > 0, each)):
            self._enter(id, part, "consume" if units > 0 else "restore", abs(units), claim, by)
        if id in self.closed and changes:
            self._empty(id, "expire")

    def restored(self, claim: str) -> None:
        """A Claim gives back all that it holds of any."""
        for id in sorted(self.held(claim)):
            self.used_instead(id, claim, {})

    def held(self, claim: str) -> dict[str, Uses]:
        """What a Claim holds of each."""
        held: dict[str, Uses] = {}
        for id, line, measure, kind, units, by, by_line in self.moves:
            if by == claim:
                of = held.setdefault(id, {})
                key = ((line, measure), by_line)
                of[key] = of.get(key, 0) + (units if kind == "consume" else -units)
        some = {id: {key: units for key, units in of.items() if units} for id, of in held.items()}
        return {id: of for id, of in some.items() if of}

    def released(self, id: str) -> None:
        """Whatever is open is given back."""
        self._empty(id, "release")

    def cancelled(self, id: str) -> None:
        """Nothing opens it again."""
        if id in self.sums:
            self.closed.add(id)
            self.released(id)

    def expired(self, id: str) -> None:
        """Its time is over."""
        self.closed.add(id)
        self._empty(id, "expire")

    def forgotten(self, id: str) -> None:
        """What it was for is gone; of its sums the money stays."""
        if id in self.terms:
            self.terms[id] = None
            self.sums[id] = {key: each for key, each in self.sums[id].items() if key[1] == AMOUNT}
            self.moves = [each for each in self.moves if (each[0], each[2]) != (id, QUANTITY)]

    def ended(self, today: date) -> list[str]:
        """Those whose last day is over, and that were not closed yet."""
        return [
            id
            for id, terms in self.terms.items()
            if terms is not None and terms["ends"] < today and id not in self.closed
        ]

    def _is_over(self, id: str) -> bool:
        terms = self.terms[id]
        return terms is not None and terms["ends"] < self.today

    def _parts(self, id: str) -> dict[Part, dict[str, int]]:
        return self.sums.get(id, {})

    def _of_service(self, id: str, service: str, measure: str) -> Iterator[Part]:
        services = (self.terms[id] or {"services": {}})["services"]
        for line in sorted(line for line, of in services.items() if of == service):
            yield (str(line), measure)

    def _empty(self, id: str, kind: str) -> None:
        for part, sums in sorted(self._parts(id).items()):
            self._enter(id, part, kind, sums["open"])

    def _enter(
        self, id: str, part: Part, kind: str, units: int, claim: str | None = None, by: str = ""
    ) -> None:
        if units == 0:
            return
        self.moves.append((id, *part, kind, units, claim, by))
        for name, sign in _MOVES[kind].items():
            self.sums[id][part][name] += sign * units

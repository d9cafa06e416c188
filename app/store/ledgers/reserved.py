"""A reservation as its rows keep it: whose it is and for what, and the sums of its parts."""

import json
from collections.abc import Mapping
from dataclasses import astuple, dataclass, replace
from datetime import date, datetime

from app.domain.authorizations import Path
from app.store.tables import Measure


@dataclass(frozen=True, slots=True)
class Terms:
    """Keyed hashes of whose it is and of the services of each line; both days are inclusive."""

    currency: str
    member: str | None
    providers: frozenset[str]
    services: Mapping[Path, frozenset[str]]
    starts_on: date | None
    ends_on: date | None

    def is_over(self, before: date) -> bool:
        """Whether it ended before a day."""
        return self.ends_on is not None and self.ends_on < before

    def with_the_whole(self) -> "Terms":
        """The same with what was reserved as one sum, which was for the services of all lines."""
        every = frozenset[str]().union(*self.services.values())
        return replace(self, services={**self.services, (): every})


@dataclass(frozen=True, slots=True)
class Sums:
    """Minor units of money, or units of a quantity."""

    reserved: int = 0
    consumed: int = 0
    restored: int = 0
    released: int = 0
    expired: int = 0
    open: int = 0

    @property
    def used(self) -> int:
        """What Claims hold of it."""
        return self.consumed - self.restored


@dataclass(frozen=True, slots=True)
class Grant:
    """What a line of a preauthorization holds, in minor units and in units of a quantity."""

    amount: int
    quantity: int


@dataclass(frozen=True, slots=True, order=True)
class Part:
    """Names one row of sums."""

    submission_id: str
    line: Path
    measure: Measure


@dataclass(frozen=True, slots=True)
class Reservation:
    """One reservation: whose and for what, and the sums of its parts."""

    terms: Terms
    closed_at: datetime | None
    parts: Mapping[Part, Sums]

    @property
    def amount(self) -> Sums:
        """The money of all lines together."""
        amounts = [sums for part, sums in self.parts.items() if part.measure is Measure.AMOUNT]
        return Sums(*(sum(each) for each in zip(*map(astuple, amounts), strict=True)))

    @property
    def is_consumed(self) -> bool:
        """Whether Claims hold a part of it."""
        return any(sums.used > 0 for sums in self.parts.values())

    @property
    def has_held(self) -> bool:
        """Whether it ever held anything."""
        return any(sums.reserved > 0 for sums in self.parts.values())


@dataclass(frozen=True, slots=True)
class Moved:
    """How much one move was, in the currency's minor unit."""

    units: int
    currency: str


# What a line of a Claim (the path) uses of which part.
Uses = Mapping[tuple[Part, Path], int]


def written_terms(terms: Terms) -> dict[str, object]:
    """The columns of the row, without the currency."""
    services = {written_line(path): sorted(keys) for path, keys in sorted(terms.services.items())}
    return {
        "member": terms.member,
        "providers": json.dumps(sorted(terms.providers)),
        "services": json.dumps(services),
        "starts_on": terms.starts_on,
        "ends_on": terms.ends_on,
    }


def read_terms(
    currency: str,
    member: str | None,
    providers: str | None,
    services: str | None,
    starts_on: date | None,
    ends_on: date | None,
) -> Terms:
    """The terms of a row; what was kept before a preauthorization told them is for nobody."""
    lines = json.loads(services or "{}")
    return Terms(
        currency,
        member,
        frozenset(json.loads(providers or "[]")),
        {path_of(line): frozenset(keys) for line, keys in lines.items()},
        starts_on,
        ends_on,
    )


def written_line(path: Path) -> str:
    """A path as a row keeps it: `2.1.3`."""
    return ".".join(str(sequence) for sequence in path)


def path_of(line: str) -> Path:
    """The path that was written."""
    return tuple(int(sequence) for sequence in line.split(".")) if line else ()

"""The running sums a plan is measured by: their names, and how they move while a Claim is decided.

========================  ========  =============  =============  ==================================
kind                      holder    category       period         counts
========================  ========  =============  =============  ==================================
deductible-individual     member    ""             2026           deductible rows, money
deductible-family         family    ""             2026           the same, of the whole family
out-of-pocket-individual  member    ""             2026           deductible + copay + coinsurance
out-of-pocket-family      family    ""             2026           the same, of the whole family
copay                     member    category key   2026-11-22     copay rows of a category and day
visit                     member    category key   2026-11-22     1 once the day is a visit
visit                     member    category key   2026           visits of the year
benefit                   member    category key   2026           benefit rows, money
benefit                   member    category key   lifetime       the same, for ever
benefit                   member    ""             2026           benefit over all categories
frequency                 member    name and site  2026-11-22     units of a frequency's services
========================  ========  =============  =============  ==================================

`member` and `family` are those of the request's Coverage, a category key is `Coding.key`, and the
year and day are those of the service. All are common to in and out of network. They are kept
whether or not the plan has the limit today: a limit added in June counts what was before. Only a
frequency is counted from the day on that the plan has it, under its name; the site is the tooth, or
tooth and surface, that the line tells, where the frequency is counted by them.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

from app.adjudicators.standard.windows import DaysUsed
from app.domain.adjudication import Counter, Coverage, Posting

LIFETIME = "lifetime"
FREQUENCY = "frequency"
_EVERY_CATEGORY = ""
_LONGEST = 200
_NOTHING = Decimal(0)
_Names = tuple[str, str]


def deductibles(coverage: Coverage, day: date) -> tuple[Counter, Counter]:
    """The individual and the family deductible of the day's year."""
    return _pair("deductible", coverage, day)


def out_of_pockets(coverage: Coverage, day: date) -> tuple[Counter, Counter]:
    """What the member and the family have borne of the day's year."""
    return _pair("out-of-pocket", coverage, day)


def copays(coverage: Coverage, category: str, day: date) -> Counter:
    """What copay the category has taken on the day."""
    return Counter(coverage.member, "copay", category, day.isoformat())


def visit(coverage: Coverage, category: str, day: date) -> Counter:
    """1 where the day is a visit already."""
    return Counter(coverage.member, "visit", category, day.isoformat())


def visits_of_year(coverage: Coverage, category: str, day: date) -> Counter:
    """How many days of the year were visits."""
    return Counter(coverage.member, "visit", category, _year(day))


def benefit_of_year(coverage: Coverage, category: str, day: date) -> Counter:
    """What the plan has paid in the category in the day's year."""
    return Counter(coverage.member, "benefit", category, _year(day))


def benefit_of_lifetime(coverage: Coverage, category: str) -> Counter:
    """What the plan has ever paid in the category."""
    return Counter(coverage.member, "benefit", category, LIFETIME)


def benefit_of_plan(coverage: Coverage, day: date) -> Counter:
    """What the plan has paid over all categories in the day's year."""
    return Counter(coverage.member, "benefit", _EVERY_CATEGORY, _year(day))


def frequency(coverage: Coverage, category: str, day: date) -> Counter:
    """How many units of a frequency were on the day; `category` is what `counted_as` gives."""
    return Counter(coverage.member, FREQUENCY, category, day.isoformat())


def counted_as(*names: str) -> str:
    """The category of a frequency and a site; a digest of what is longer than a store keeps."""
    # No code and no address has two spaces in a row, so that this tells the names apart.
    spelled = "  ".join(names)
    if len(spelled) <= _LONGEST:
        return spelled
    return hashlib.sha256(spelled.encode()).hexdigest()


def _pair(kind: str, coverage: Coverage, day: date) -> tuple[Counter, Counter]:
    # Two kinds, because a subscriber alone may have one key as member and as family.
    return (
        Counter(coverage.member, f"{kind}-individual", _EVERY_CATEGORY, _year(day)),
        Counter(coverage.family, f"{kind}-family", _EVERY_CATEGORY, _year(day)),
    )


def _year(day: date) -> str:
    return f"{day.year:04d}"


def _place(added: tuple[Counter, tuple[int, ...], Decimal]) -> tuple[object, ...]:
    # As the counters' own order, by strings.
    counter, line, _ = added
    return counter.holder, counter.kind, counter.category, counter.period, line


def _names(counter: Counter) -> _Names:
    return counter.holder, counter.category


class _Sum:
    """One counter: how it stands, and what was added to it for each line."""

    __slots__ = ("added", "total")

    def __init__(self, total: Decimal) -> None:
        self.total = total
        self.added: dict[tuple[int, ...], Decimal] = {}


class Tally:
    """The counters as they stand while the lines of one Claim are decided."""

    def __init__(self, before: Mapping[Counter, Decimal] | None) -> None:
        # One look-up for each move: the hash of a counter is that of all its names.
        self._sums = {counter: _Sum(total) for counter, total in (before or {}).items()}
        self._days: dict[_Names, set[str]] = {}
        self._used: dict[_Names, DaysUsed] = {}
        for counter in self._sums:
            self._list(counter)
        self._line: tuple[int, ...] = ()

    def at(self, line: tuple[int, ...]) -> None:
        """From now on counters move for this line."""
        self._line = line

    def of(self, counter: Counter) -> Decimal:
        """The sum so far; 0 for a counter that was never moved."""
        known = self._sums.get(counter)
        return _NOTHING if known is None else known.total

    def days_used(self, counter: Counter) -> DaysUsed:
        """The units of every day of a frequency that this counter is one day of."""
        names = _names(counter)
        if names not in self._used:
            days = self._days.get(names, ())
            sums = {date.fromisoformat(day): self.of(replace(counter, period=day)) for day in days}
            self._used[names] = DaysUsed(sums)
        return self._used[names]

    def add(self, counter: Counter, amount: Decimal) -> None:
        """Move a counter."""
        if amount:
            moved = self._sums.get(counter)
            if moved is None:
                moved = self._sums[counter] = _Sum(_NOTHING)
            moved.total += amount
            moved.added[self._line] = moved.added.get(self._line, _NOTHING) + amount
            if counter.kind == FREQUENCY:
                self._list(counter)
                if _names(counter) in self._used:
                    self._used[_names(counter)].add(date.fromisoformat(counter.period), amount)

    def _list(self, counter: Counter) -> None:
        # Only a frequency is asked for day by day.
        if counter.kind == FREQUENCY:
            self._days.setdefault(_names(counter), set()).add(counter.period)

    def postings(self) -> tuple[Posting, ...]:
        """What was added, one posting per counter and line, in the order of their names."""
        return tuple(
            Posting(counter, amount, line)
            for counter, line, amount in sorted(
                (
                    (counter, line, amount)
                    for counter, moved in self._sums.items()
                    for line, amount in moved.added.items()
                ),
                key=_place,
            )
        )

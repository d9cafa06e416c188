"""Figures of decisions as payers publish them: shares by outcome, average and median times.

42 CFR 422.122(c) and its counterparts (CMS-0057-F). Docs: docs/decisions.md defines each figure.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from app.domain.codes import ClaimUse
from app.domain.decisions import VERDICTS, Ending

_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Population:
    """What a set of figures is about; the rules on prior authorization leave drugs out."""

    name: str
    use: ClaimUse
    has_drugs: bool = True


POPULATIONS = (
    Population("prior-authorization", ClaimUse.PREAUTHORIZATION, has_drugs=False),
    *(Population(use.value, use) for use in ClaimUse),
)


@dataclass(frozen=True, slots=True)
class Tally:
    """So many requests that ended alike; `took` is the sum from receipt to end, pauses included.

    `is_reissue`: they were asked by a reprocess, `before` is what had been decided.
    """

    use: ClaimUse
    is_expedited: bool
    is_drug: bool
    is_reissue: bool
    is_extended: bool
    is_late: bool
    ending: Ending
    before: Ending | None
    count: int
    took: timedelta = timedelta(0)
    paused: timedelta = timedelta(0)

    def is_in(self, population: Population) -> bool:
        """Whether they belong to a population."""
        return self.use is population.use and (population.has_drugs or not self.is_drug)


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure: a share of a number of requests in percent, or a time over so many in seconds."""

    population: str
    name: str
    denominator: int
    numerator: int | None = None
    percent: Decimal | None = None
    seconds: Decimal | None = None


# The median over a population, expedited or standard, of so many requests, with or without pauses.
Median = Callable[[Population, bool, int, bool], timedelta]


def metrics(tallies: Iterable[Tally], median: Median) -> Iterator[Metric]:
    """Every figure of every population, in a fixed order."""
    everything = list(tallies)
    for population in POPULATIONS:
        counted = [tally for tally in everything if tally.is_in(population)]
        yield from _shares(population.name, counted)
        for is_expedited in (False, True):
            yield from _times(population, is_expedited, counted, median)


def percent(numerator: int, denominator: int) -> Decimal | None:
    """A share in percent to one place, half up; None of nothing."""
    if not denominator:
        return None
    return Decimal((2000 * numerator + denominator) // (2 * denominator)).scaleb(-1)


def seconds(total: timedelta, count: int) -> Decimal | None:
    """A sum of times over its count in seconds to three places, half up; None of nothing."""
    if not count:
        return None
    return Decimal((2 * total + count * _MILLISECOND) // (2 * count * _MILLISECOND)).scaleb(-3)


def _shares(population: str, tallies: list[Tally]) -> Iterator[Metric]:
    decided = [each for each in tallies if each.ending in VERDICTS]
    first = [each for each in decided if not each.is_reissue]
    for speed, is_expedited in (("standard", False), ("expedited", True)):
        asked = [each for each in first if each.is_expedited is is_expedited]
        for ending in (Ending.APPROVED, Ending.PARTLY, Ending.DENIED):
            of_them = [each for each in asked if each.ending is ending]
            yield _share(population, f"{speed}-{ending}", of_them, asked)
        appealed = [
            each
            for each in decided
            if each.is_expedited is is_expedited and each.before in (Ending.DENIED, Ending.PARTLY)
        ]
        overturned = [each for each in appealed if each.ending is Ending.APPROVED]
        yield _share(population, f"{speed}-approved-after-appeal", overturned, appealed)
        late = [each for each in asked if each.is_late]
        yield _share(population, f"{speed}-late", late, asked)
    extended = [each for each in first if each.is_extended and each.ending is Ending.APPROVED]
    yield _share(population, "extended-and-approved", extended, first)
    cancelled = [each for each in tallies if each.ending is Ending.CANCELLED]
    taken_away = [each for each in cancelled if not each.is_reissue]
    yield _share(population, "cancelled", taken_away, [*taken_away, *first])


def _share(population: str, name: str, some: list[Tally], whole: list[Tally]) -> Metric:
    numerator, denominator = _count(some), _count(whole)
    share = percent(numerator, denominator)
    return Metric(population, name, denominator, numerator=numerator, percent=share)


def _times(
    population: Population, is_expedited: bool, tallies: list[Tally], median: Median
) -> Iterator[Metric]:
    measured = [
        each
        for each in tallies
        if each.ending in VERDICTS and not each.is_reissue and each.is_expedited is is_expedited
    ]
    count, speed = _count(measured), "expedited" if is_expedited else "standard"
    took = sum((each.took for each in measured), timedelta(0))
    paused = sum((each.paused for each in measured), timedelta(0))
    for name, total, has_pauses in (("time", took, True), ("clock-time", took - paused, False)):
        middle = median(population, is_expedited, count, has_pauses) if count else timedelta(0)
        for what, value in (
            ("average", seconds(total, count)),
            ("median", seconds(middle, 1) if count else None),
        ):
            yield Metric(population.name, f"{speed}-{what}-{name}", count, seconds=value)


def _count(tallies: list[Tally]) -> int:
    return sum(each.count for each in tallies)

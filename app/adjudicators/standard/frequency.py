"""So many units of a service in a year, or in a span of months and days; per tooth where asked.

No span of the given length holds more than its units, wherever it begins: what is decided may be
earlier or later than what was counted before. A calendar year is the year of the service.
"""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from app.adjudicators.standard import counters
from app.adjudicators.standard.counters import Tally
from app.adjudicators.standard.leaves import Leaf
from app.adjudicators.standard.terms import Terms
from app.domain.plan import Benefit
from app.domain.restrictions import Frequency, Per, names_any


def units_within(
    units: Decimal, leaf: Leaf, benefit: Benefit, terms: Terms, tally: Tally
) -> Decimal:
    """How many of a line's units every frequency leaves it."""
    left = [
        max(rule.units - _used(rule, category, leaf.day, terms, tally), Decimal(0))
        for rule in _concerning(leaf, benefit)
        for category in _categories(rule, leaf)
    ]
    return min([units, *left])


def count_units(units: Decimal, leaf: Leaf, benefit: Benefit, terms: Terms, tally: Tally) -> None:
    """Count units under every frequency of the service, under each name once."""
    counted = {
        counters.frequency(terms.coverage, category, leaf.day)
        for rule in _concerning(leaf, benefit)
        for category in _categories(rule, leaf)
    }
    for counter in sorted(counted):
        tally.add(counter, units)


def lacks_site(leaf: Leaf, benefit: Benefit) -> bool:
    """Whether a frequency is counted by a tooth, or a surface, that the line does not tell."""
    return any(not list(_categories(rule, leaf)) for rule in _concerning(leaf, benefit))


def _concerning(leaf: Leaf, benefit: Benefit) -> list[Frequency]:
    services = leaf.line.services
    return [rule for rule in benefit.frequencies if names_any(rule.services, services)]


def _categories(rule: Frequency, leaf: Leaf) -> Iterator[str]:
    """What a line is counted under: one for each site, none where the site is not told."""
    if rule.per is None:
        yield counters.counted_as(rule.name)
        return
    for site in leaf.body_sites:
        if rule.per is Per.BODY_SITE:
            yield counters.counted_as(rule.name, site.key)
        else:
            for part in leaf.sub_sites:
                yield counters.counted_as(rule.name, site.key, part.key)


def _used(rule: Frequency, category: str, day: date, terms: Terms, tally: Tally) -> Decimal:
    used = tally.days_used(counters.frequency(terms.coverage, category, day))
    if rule.span is None:
        return used.within(date(day.year, 1, 1), date(day.year, 12, 31))
    return used.fullest(day, rule.span)

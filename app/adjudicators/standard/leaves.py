"""What is decided of a Claim: its leaves in the order of their sequences, each with its day."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from app.domain.claims import Claim, Line
from app.domain.codes import Coding


@dataclass(frozen=True, slots=True)
class Leaf:
    """A line without lines, the day of its service, and what it has of those above it.

    `inherited` are the categories of its nearest parent; the sites are those of its item.
    """

    line: Line
    day: date
    inherited: tuple[Coding, ...] = ()
    body_sites: tuple[Coding, ...] = ()
    sub_sites: tuple[Coding, ...] = ()


def leaves_of(claim: Claim, received_on: date) -> list[Leaf]:
    """The leaves in sequence order, so that the order of the arrays decides nothing."""
    items = sorted(claim.lines, key=lambda item: item.path)
    days = {item.path: claim.day_of(item) or received_on for item in items}
    return [leaf for item in items for leaf in _below(item, item, days[item.path], ())]


def _below(line: Line, item: Line, day: date, inherited: tuple[Coding, ...]) -> Iterator[Leaf]:
    if not line.lines:
        yield Leaf(line, day, inherited, item.body_sites, item.sub_sites)
    for part in sorted(line.lines, key=lambda part: part.path):
        yield from _below(part, item, day, line.categories or inherited)


def latest_service_day(claim: Claim, received_on: date) -> date:
    """The last day of service of all items, which timely filing counts from."""
    days = [_last_day(claim, item) or received_on for item in claim.lines]
    return max(days, default=claim.untold_day or received_on)


def _last_day(claim: Claim, item: Line) -> date | None:
    told = item.serviced
    return (told and (told.last or told.first)) or claim.untold_day

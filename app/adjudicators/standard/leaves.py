"""What is decided of a Claim: its leaves in the order of their sequences, each with its day."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from app.domain.claims import Claim, Line
from app.domain.codes import Coding


@dataclass(frozen=True, slots=True)
class Leaf:
    """A line without lines, the day of its service, and the categories of its nearest parent."""

    line: Line
    day: date
    inherited: tuple[Coding, ...] = ()


def leaves_of(claim: Claim, received_on: date) -> list[Leaf]:
    """The leaves in sequence order, so that the order of the arrays decides nothing."""
    items = sorted(claim.lines, key=lambda item: item.path)
    days = {item.path: _service_day(claim, item) or received_on for item in items}
    return [leaf for item in items for leaf in _below(item, days[item.path], ())]


def _below(line: Line, day: date, inherited: tuple[Coding, ...]) -> Iterator[Leaf]:
    if not line.lines:
        yield Leaf(line, day, inherited)
    for part in sorted(line.lines, key=lambda part: part.path):
        yield from _below(part, day, line.categories or inherited)


def latest_service_day(claim: Claim, received_on: date) -> date:
    """The last day of service of all items, which timely filing counts from."""
    days = [_last_day(claim, item) or received_on for item in claim.lines]
    return max(days, default=_untold(claim) or received_on)


def _service_day(claim: Claim, item: Line) -> date | None:
    told = item.serviced
    return (told and (told.first or told.last)) or _untold(claim)


def _last_day(claim: Claim, item: Line) -> date | None:
    told = item.serviced
    return (told and (told.last or told.first)) or _untold(claim)


def _untold(claim: Claim) -> date | None:
    """The day of an item that tells none: the first of the bill, else the Claim's own."""
    return (claim.billable and claim.billable.first) or claim.created.first

"""What is decided of a Claim: its leaves in the order of their sequences, each with its day."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from app.domain.adjudication import AdjudicationRequest
from app.domain.claims import Line
from app.domain.codes import Coding


@dataclass(frozen=True, slots=True)
class Leaf:
    """A line without lines, the day of its service, and the categories of its nearest parent."""

    line: Line
    day: date
    inherited: tuple[Coding, ...] = ()


def leaves_of(request: AdjudicationRequest) -> list[Leaf]:
    """The leaves in sequence order, so that the order of the arrays decides nothing."""
    items = sorted(request.claim.lines, key=lambda item: item.path)
    return [leaf for item in items for leaf in _below(item, _service_day(request, item), ())]


def _below(line: Line, day: date, inherited: tuple[Coding, ...]) -> Iterator[Leaf]:
    if not line.lines:
        yield Leaf(line, day, inherited)
    for part in sorted(line.lines, key=lambda part: part.path):
        yield from _below(part, day, line.categories or inherited)


def latest_service_day(request: AdjudicationRequest) -> date:
    """The last day of service of all items, which timely filing counts from."""
    items = request.claim.lines
    return max((_last_day(request, item) for item in items), default=_untold(request))


def _service_day(request: AdjudicationRequest, item: Line) -> date:
    told = item.serviced
    return (told and (told.first or told.last)) or _untold(request)


def _last_day(request: AdjudicationRequest, item: Line) -> date:
    told = item.serviced
    return (told and (told.last or told.first)) or _untold(request)


def _untold(request: AdjudicationRequest) -> date:
    """The day of an item that tells none: the first of the bill, else the Claim's own."""
    billed = request.claim.billable
    return (billed and billed.first) or request.claim.created.first or request.received_on

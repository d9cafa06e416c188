"""For which lines an attachment came: in the Claim itself, or in a Communication about it."""

from collections.abc import Iterator

from app.domain.adjudication import AdjudicationRequest
from app.domain.claims import Line

_Named = tuple[Line, frozenset[int]]


def attached(request: AdjudicationRequest) -> frozenset[tuple[int, ...]]:
    """The paths of those lines; what no line names is for all of them, as a Communication is."""
    claim = request.claim
    lines = list(_every(claim.lines, frozenset()))
    named = {sequence for _, information in lines for sequence in information}
    if request.attachments or set(claim.attachments) - named:
        return frozenset(line.path for line, _ in lines)
    return frozenset(line.path for line, information in lines if information & {*claim.attachments})


def _every(lines: tuple[Line, ...], above: frozenset[int]) -> Iterator[_Named]:
    """Every line with the information it names; only items name any, and theirs is their parts'."""
    for line in lines:
        named = above | frozenset(line.information)
        yield line, named
        yield from _every(line.lines, named)

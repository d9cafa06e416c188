"""Everything found again: the index of every payer's resources, in parts, while requests go on."""

from collections.abc import Iterator
from dataclasses import dataclass

from app.domain.parties import Scope
from app.gateway.administering.administration import Administration
from app.gateway.installation import Installation
from app.store.search.reindexing import Key

# So many at a time are one transaction: few enough to let requests in between.
TOGETHER = 100


@dataclass(frozen=True, slots=True)
class Progress:
    """How many resources were read since the last time, and how many rows of the index changed."""

    resources: int
    rows: int


def resources_to_index(installation: Installation) -> int:
    """How many resources of all payers there are."""
    payers = Administration(installation).payers()
    return sum(
        installation.read(Scope(payer.id), lambda work: work.reindexing.count()) for payer in payers
    )


def reindex(installation: Installation) -> Iterator[Progress]:
    """Index everything, one transaction after another; may be broken off and begun again.

    Raises Busy, with all of what was told before kept.
    """
    for payer in Administration(installation).payers():
        scope, last = Scope(payer.id), None
        while (part := _next(installation, scope, last)) is not None:
            last, progress = part
            yield progress


def _next(
    installation: Installation, scope: Scope, last: Key | None
) -> tuple[Key, Progress] | None:
    done = installation.write(scope, lambda work: work.reindexing.next(last, TOGETHER))
    return None if done is None else (done.last, Progress(done.resources, done.rows))

"""For how long an answer is lent to a submitter that acknowledges, and how often.

Docs: docs/adr/0009-leases-for-acknowledged-delivery.md.
"""

from datetime import timedelta

FIRST = timedelta(minutes=5)
# Each lease is so many times as long as the one before: a submitter that is away for a night comes
# back to answers that are still its own to fetch.
FACTOR = 3
MOST = 5


def length(before: int) -> timedelta:
    """How long a lease lasts that follows so many others.

    What was lent too often is parked, and its submitter asks for it by name: it is there, so a
    short lease is enough, and it keeps later answers waiting no longer than needed.
    """
    return FIRST * FACTOR**before if before < MOST else FIRST

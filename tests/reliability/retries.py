"""A client that does as it is told: after a 503 it asks the same again."""

import time
from collections import Counter
from typing import Any

from tests.wire import Reply, Wire

_MOST_TRIES = 1_000
_SECONDS_BETWEEN = 0.05


def asked_until_answered(
    wire: Wire, path: str, document: dict[str, Any], **headers: str
) -> tuple[Reply, Counter[int]]:
    """Send the same until the answer is no 503: that answer, and the statuses of all."""
    statuses: Counter[int] = Counter()
    for _ in range(_MOST_TRIES):
        reply = wire.post(path, document, **headers)
        statuses[reply.status] += 1
        if reply.status != 503:
            return reply, statuses
        assert reply.headers["Retry-After"]
        assert reply.document["resourceType"] == "OperationOutcome"
        time.sleep(_SECONDS_BETWEEN)
    raise AssertionError(statuses)


def read_until_answered(wire: Wire, path: str) -> Reply:
    """Read until the answer is no 503."""
    for _ in range(_MOST_TRIES):
        reply = wire.get(path)
        if reply.status != 503:
            return reply
        time.sleep(_SECONDS_BETWEEN)
    raise AssertionError(path)

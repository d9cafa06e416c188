"""A client that does as it is told: after a 503 it asks the same again."""

from collections import Counter
from typing import Any

from tests.wire import Reply, Wire

_MOST_TRIES = 20
_SECONDS_BETWEEN = 0.05

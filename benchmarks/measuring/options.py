"""What can be said of a run; every benchmark takes of it what concerns it."""

from dataclasses import dataclass
from pathlib import Path

DATABASES = ("sqlite", "postgresql")
CONNECTIONS = (1, 16, 64)


@dataclass(frozen=True)
class Options:
    """How long and how much; `folder` is where files of figures go, `workplace` where databases."""

    folder: Path
    workplace: Path
    seconds: float = 4.0
    connections: tuple[int, ...] = CONNECTIONS
    databases: tuple[str, ...] = DATABASES
    stored: tuple[int, ...] = (1_000, 100_000)
    queues: tuple[int, ...] = (10, 100_000)
    has_peer: bool = True

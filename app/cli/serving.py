"""What each process of `eclaims serve` runs: the application, and on SQLite the clock beside it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO, Any

PARENT = "ECLAIMS_SERVE_PID"

# Held until the process ends, and then given back by the operating system.
_held: list[IO[str]] = []


def application() -> Any:
    """The WSGI application of the installation named by ECLAIMS_INSTANCE."""
    from app import create_app, create_installation, create_worker
    from app.cli.options import read_settings
    from app.cli.process import end_with_parent, hold_the_file
    from app.scheduler.clock import Clock
    from app.telemetry import configure

    if PARENT in os.environ:
        end_with_parent(int(os.environ[PARENT]))
    settings = read_settings(Path(os.environ.get("ECLAIMS_INSTANCE", "instance")))
    configure(settings.log_level)
    if settings.is_sqlite:
        _held.append(hold_the_file(settings))
    installation = create_installation(settings)
    if settings.is_sqlite:
        worker = create_worker(installation)
        # The file is ours alone, so whoever had leased these jobs is gone.
        worker.return_leases()
        Clock(worker.drain, settings.tick_seconds).start()
    return create_app(installation)

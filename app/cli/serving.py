"""What each process of `eclaims serve` runs: the application, and on SQLite the clock beside it."""

from __future__ import annotations

import os
from multiprocessing.util import Finalize
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.api.admission import Admission, Limits
    from app.gateway.installation import Installation
    from app.gateway.jobs.seal_audit import Sealing
    from app.gateway.jobs.worker import Worker
    from app.settings import Settings

PARENT = "ECLAIMS_SERVE_PID"
PORT = "ECLAIMS_SERVE_PORT"
# Before whatever has no order, such as the end of the store.
_FIRST = 10

# Held until the process ends, and then given back by the operating system.
_held: list[IO[str]] = []


def application() -> Any:
    """The WSGI application of the installation named by ECLAIMS_INSTANCE."""
    from app import create_app, create_installation, create_worker
    from app.api.application import HEADERS, HTTPS_ALONE
    from app.cli.options import read_settings
    from app.cli.process import end_with_parent, hold_the_file
    from app.cli.production import require_production
    from app.gateway.jobs.seal_audit import Sealing
    from app.store import schema
    from app.telemetry import configure

    if PARENT in os.environ:
        end_with_parent(int(os.environ[PARENT]))
    settings = read_settings(Path(os.environ.get("ECLAIMS_INSTANCE", "instance")))
    require_production(settings, os.environ)
    configure(settings.log_level)
    if settings.is_sqlite:
        _held.append(hold_the_file(settings))
    installation = create_installation(settings)
    # Other servers come in here without asking `eclaims serve`.
    schema.require_restored(installation.store)
    if settings.is_sqlite:
        worker = create_worker(installation, settings.lease_seconds)
        _decide(worker, Sealing(installation), settings)
    headers = HEADERS | (HTTPS_ALONE if settings.is_production else {})
    application = create_app(installation, settings.lease_seconds, settings.limits, headers)
    admission = _before(application, installation, settings, headers)
    if PORT in os.environ:
        from app.cli.slow_clients import SlowClients

        port = int(os.environ[PORT])
        SlowClients(port, settings.body_seconds, admission.bodies.oldest_seconds).start()
    return admission


def _before(
    application: Any, installation: Installation, settings: Settings, headers: Mapping[str, str]
) -> Admission:
    """What stands before the application, and refuses what is too much."""
    from app.api.addresses import sender_of
    from app.api.admission import Admission
    from app.api.auth import known_to

    sender = sender_of(installation.terms)
    return Admission(application, limits(settings), known_to(installation), headers, sender)


def limits(settings: Settings) -> Limits:
    """How much a process takes on."""
    from app.api.admission import Limits

    return Limits(waiting=settings.waiting_requests)


def _decide(worker: Worker, sealing: Sealing, settings: Settings) -> None:
    """Let the clocks tick until the process ends."""
    from app.scheduler.clock import Clock

    # The file is ours alone, so whoever had leased these jobs is gone.
    worker.return_leases()
    # Each in a thread of its own: a full queue is no reason for the audit to wait.
    clocks = [Clock(tick, settings.tick_seconds) for tick in (worker.drain, sealing.tick)]
    for clock in clocks:
        clock.start()

    def end() -> None:
        worker.end()
        for clock in clocks:
            clock.stop()

    # When the server has given its last answer; the parent waits no longer than it says.
    Finalize(None, end, exitpriority=_FIRST)

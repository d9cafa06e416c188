"""`eclaims work`: decides what is due, beside any number of others on one PostgreSQL."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli.options import (
    instance_option,
    json_option,
    open_installation,
    read_settings,
    told,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.gateway.jobs.seal_audit import Sealing
    from app.gateway.jobs.worker import Worker
    from app.settings import Settings


@click.command()
@instance_option
@click.option("--once", is_flag=True, help="Work off what is due now, and exit.")
@json_option
def work(instance: Path, once: bool, as_json: bool) -> None:
    """Adjudicate what is due, once a second, until interrupted."""
    from app import create_worker
    from app.cli.process import hold_the_file
    from app.cli.production import require_production
    from app.gateway.jobs.seal_audit import Sealing
    from app.telemetry import configure

    # From the beginning on: to start takes a while, and a stop is no crash.
    is_asked = threading.Event()
    _at_the_first_signal(is_asked.set)
    settings = read_settings(instance)
    require_production(settings, os.environ)
    configure(settings.log_level)
    if settings.is_sqlite:
        click.get_current_context().call_on_close(hold_the_file(settings).close)
    installation = open_installation(instance)
    worker = create_worker(installation, settings.lease_seconds)
    sealing = Sealing(installation)
    if settings.is_sqlite:
        # The file is ours alone, so whoever had leased these jobs is gone.
        worker.return_leases()
    if once:
        _at_the_first_signal(worker.end)
        done = 0 if is_asked.is_set() else worker.drain()
        sealing.tick()
        if as_json:
            told({"jobs": done})
        else:
            click.echo(f"{done} jobs worked on.")
        return
    _work_on(worker, sealing, settings, is_asked)


def _work_on(
    worker: Worker, sealing: Sealing, settings: Settings, is_asked: threading.Event
) -> None:
    """Drain what is due at every tick until a signal; then finish what runs, within a bound."""
    from app.cli.process import keep_what_is_loaded
    from app.scheduler.clock import Clock

    keep_what_is_loaded()
    clock = Clock(worker.drain, settings.tick_seconds)
    beside = Clock(sealing.tick, settings.tick_seconds)
    clock.start()
    beside.start()
    is_asked.wait()
    worker.end()

    def stop() -> None:
        beside.stop()
        clock.stop()

    stopping = threading.Thread(target=stop, name="stop", daemon=True)
    stopping.start()
    stopping.join(settings.stop_seconds)
    _give_back(worker)
    if stopping.is_alive():
        # Somebody does not answer; the interpreter would wait for the thread that asks.
        sys.stdout.flush()
        os._exit(0)


def _give_back(worker: Worker) -> None:
    from app.store.database.engine import Busy, CommitUnknown, DiskFull
    from app.telemetry import log

    try:
        worker.give_back()
    except (Busy, CommitUnknown, DiskFull) as fault:
        # They lapse by themselves.
        log.warning("leases not given back", error_class=type(fault).__name__)


def _at_the_first_signal(act: Callable[[], None]) -> None:
    """What keyboard and service manager ask for; at the second signal the process ends at once."""

    def acted(*_: object) -> None:
        for asked in (signal.SIGINT, signal.SIGTERM):
            signal.signal(asked, signal.SIG_DFL)
        act()

    before = {asked: signal.signal(asked, acted) for asked in (signal.SIGINT, signal.SIGTERM)}

    def restore() -> None:
        for asked, handler in before.items():
            signal.signal(asked, handler)

    # For whoever runs the command inside a program of its own.
    click.get_current_context().call_on_close(restore)

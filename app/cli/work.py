"""`eclaims work`: decides what is due, beside any number of others on one PostgreSQL."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import click

from app.cli.options import instance_option, open_installation, read_settings


@click.command()
@instance_option
@click.option("--once", is_flag=True, help="Work off what is due now, and exit.")
def work(instance: Path, once: bool) -> None:
    """Adjudicate what is due, once a second, until interrupted."""
    from app import create_worker
    from app.cli.process import hold_the_file
    from app.telemetry import configure

    settings = read_settings(instance)
    configure(settings.log_level)
    held = hold_the_file(settings) if settings.is_sqlite else None
    worker = create_worker(open_installation(instance))
    if held is not None:
        worker.return_leases()
    if once:
        click.echo(f"{worker.drain()} jobs worked on.")
        return
    from app.scheduler.clock import Clock

    clock = Clock(worker.drain, settings.tick_seconds)
    clock.start()
    _wait_for_the_end()
    clock.stop()


def _wait_for_the_end() -> None:
    """Until the process is asked to stop, by keyboard or by its service manager."""
    ended = threading.Event()
    for asked in (signal.SIGINT, signal.SIGTERM):
        signal.signal(asked, lambda *_: ended.set())
    ended.wait()

"""`eclaims work`: decides what is due, beside any number of others on one PostgreSQL."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import click

from app.cli.options import (
    instance_option,
    json_option,
    open_installation,
    read_settings,
    told,
)


@click.command()
@instance_option
@click.option("--once", is_flag=True, help="Work off what is due now, and exit.")
@json_option
def work(instance: Path, once: bool, as_json: bool) -> None:
    """Adjudicate what is due, once a second, until interrupted."""
    from app import create_worker
    from app.cli.process import hold_the_file
    from app.telemetry import configure

    settings = read_settings(instance)
    configure(settings.log_level)
    if settings.is_sqlite:
        click.get_current_context().call_on_close(hold_the_file(settings).close)
    worker = create_worker(open_installation(instance))
    if settings.is_sqlite:
        # The file is ours alone, so whoever had leased these jobs is gone.
        worker.return_leases()
    if once:
        done = worker.drain()
        if as_json:
            told({"jobs": done})
        else:
            click.echo(f"{done} jobs worked on.")
        return
    from app.scheduler.clock import Clock

    clock = Clock(worker.drain, settings.tick_seconds)
    clock.start()
    _wait_for_the_end()
    worker.end()
    clock.stop()


def _wait_for_the_end() -> None:
    """Until the process is asked to stop, by keyboard or by its service manager."""
    ended = threading.Event()
    for asked in (signal.SIGINT, signal.SIGTERM):
        signal.signal(asked, lambda *_: ended.set())
    ended.wait()

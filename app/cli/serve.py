"""`eclaims serve`: the web server; on SQLite it also decides, in the same process."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli.options import instance_option, open_installation, read_settings

if TYPE_CHECKING:
    from app.settings import Settings

# The C library gives threads heaps of their own, up to eight for each core, and a process has far
# more threads than work at once: what they have freed would be kept in all of them.
_HEAPS = "2"
# Connections of one process, at rest or not; more wait to be accepted.
_CONNECTIONS = 1024


@click.command()
@instance_option
@click.option("--host", help="The address to listen on; without it that of the settings.")
@click.option("--port", type=click.IntRange(1, 65535), help="The port; likewise.")
@click.option("--workers", type=click.IntRange(1, 64), help="Processes; on SQLite only 1.")
def serve(instance: Path, host: str | None, port: int | None, workers: int | None) -> None:
    """Serve the FHIR API under /fhir/r4 until interrupted.

    On SQLite one process serves and decides. On PostgreSQL one process per core serves, and
    `eclaims work` decides.
    """
    from app.cli.process import address_of, hold_the_file, require_port
    from app.cli.production import require_production

    settings = read_settings(instance)
    require_production(settings, os.environ)
    if settings.is_sqlite and (workers or 1) > 1:
        raise click.UsageError("SQLite has one writer: serve it with --workers 1.")
    if settings.is_sqlite:
        # Its child will hold the file; asking here first gives the refusal a clear voice.
        hold_the_file(settings).close()
    open_installation(instance).store.close()
    host, port = host or settings.host, port or settings.port
    address = address_of(host)
    require_port(address, port)
    base = settings.base_url or f"http://{_spelled(host)}:{port}"
    os.environ["ECLAIMS_INSTANCE"] = str(instance.resolve())
    os.environ["ECLAIMS_BASE_URL"] = base
    click.echo(f"Serving {base}/fhir/r4", err=True)
    _run(address, port, workers or (1 if settings.is_sqlite else os.cpu_count() or 1), settings)


def _run(address: str, port: int, workers: int, settings: Settings) -> None:
    from granian import Granian
    from granian.constants import HTTPModes, Interfaces

    from app.cli import serving

    os.environ[serving.PARENT] = str(os.getpid())
    os.environ[serving.PORT] = str(port)
    os.environ.setdefault("MALLOC_ARENA_MAX", _HEAPS)
    server = Granian(
        f"{serving.__name__}:{serving.application.__name__}",
        address=address,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=serving.limits(settings).threads,
        backpressure=_CONNECTIONS,
        http=HTTPModes.http1,
        factory=True,
        log_access=False,
        log_enabled=False,
        workers_kill_timeout=settings.stop_seconds,
    )
    server.on_startup(lambda: _end_at_the_second_signal(server))
    server.serve()


def _end_at_the_second_signal(server: Any) -> None:
    """Finish what is running at the first signal; at the second end as any process does.

    The server's processes are killed by the kernel when this one is gone.
    """

    def finish(*_: object) -> None:
        for asked in (signal.SIGINT, signal.SIGTERM):
            signal.signal(asked, signal.SIG_DFL)
        server.signal_handler_interrupt()

    for asked in (signal.SIGINT, signal.SIGTERM):
        signal.signal(asked, finish)


def _spelled(host: str) -> str:
    """A host as it stands in a URL: an IPv6 address is bracketed, "any address" is this machine."""
    if host in {"0.0.0.0", "::"}:  # noqa: S104  compared, not listened on
        return "localhost"
    return f"[{host}]" if ":" in host else host

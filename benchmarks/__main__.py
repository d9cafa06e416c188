"""Run every benchmark, or those that are named: `make bench ARGS="http --seconds 2"`.

Each is a module of this package with a `main(options)` that answers a report. Its tables are
printed; its figures as JSON and its plots as SVG are written into a folder.
"""

import signal
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path

import click

from benchmarks.measuring.options import CONNECTIONS, DATABASES, Options
from benchmarks.measuring.report import Report, Table


def names() -> list[str]:
    """Every benchmark there is."""
    modules = Path(__file__).parent.glob("[!_]*.py")
    return sorted(module.stem for module in modules)


@click.command()
@click.argument("wanted", metavar="[NAME]...", nargs=-1, type=click.Choice(names()))
@click.option("--seconds", default=4.0, show_default=True, help="How long each cell is measured.")
@click.option("--connections", multiple=True, type=click.IntRange(1, 1000), default=CONNECTIONS)
@click.option("--database", "databases", multiple=True, type=click.Choice(DATABASES))
@click.option("--stored", multiple=True, type=click.IntRange(1), help="Growth: stored Claims.")
@click.option("--queue", "queues", multiple=True, type=click.IntRange(1), help="Growth: pended.")
@click.option("--fhirstarter/--no-fhirstarter", "has_peer", default=True)
@click.option("--folder", type=click.Path(path_type=Path), help="Where files of figures go.")
@click.option("--markdown", "as_markdown", is_flag=True, help="Tables as a page holds them.")
def main(wanted: tuple[str, ...], folder: Path | None, as_markdown: bool, **given: object) -> None:
    """Run benchmarks one after the other: NAME..., or all."""
    folder = folder or Path(tempfile.mkdtemp(prefix="eclaims-figures-"))
    folder.mkdir(parents=True, exist_ok=True)
    took = []
    for name in wanted or names():
        started = time.perf_counter()
        with tempfile.TemporaryDirectory(prefix="eclaims-bench-") as workplace:
            known = {key: value for key, value in given.items() if value not in {(), None}}
            options = Options(folder, Path(workplace), **known)  # type: ignore[arg-type]
            report: Report = import_module(f"benchmarks.{name}").main(options)
        report.print(as_markdown=as_markdown)
        report.write(folder)
        took.append((name, time.perf_counter() - started))
    summary = Table("Benchmarks", ("Name", "Seconds"), tuple(took))
    Report("benchmarks", [summary], took).print(as_markdown=as_markdown)
    click.echo(f"Figures and plots: {folder}", err=True)


if __name__ == "__main__":
    # Ended from outside, it still stops what it started and removes its databases.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    main()

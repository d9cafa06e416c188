"""What the demo shows: progress while it runs, a table of every step, or JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from app.cli.demo.temporary import Tell
from app.cli.demo.walk import Outcome
from app.cli.options import told

# Commands that set the gateway up, before the first step.
_COMMANDS = 5


@contextmanager
def progress(steps: int, *, is_quiet: bool) -> Iterator[Tell]:
    """A bar on a terminal's standard error; call what is yielded as each step begins."""
    console = Console(stderr=True)
    shown = Progress(
        BarColumn(20),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
        console=console,
        transient=True,
        disable=is_quiet or not console.is_terminal,
    )
    with shown:
        task = shown.add_task("", total=steps + _COMMANDS, completed=-1)
        yield lambda text: shown.update(task, description=text, advance=1)


def as_table(outcomes: Sequence[Outcome]) -> None:
    """Every step a row; where something else came back, what was expected stands under it."""
    shown = Table(title="The care cycle, over HTTP", title_justify="left", pad_edge=False)
    shown.add_column("", justify="right")
    shown.add_column("Sent", ratio=2)
    shown.add_column("Came back", ratio=3)
    shown.add_column("ms", justify="right")
    shown.add_column("")
    for outcome in outcomes:
        sent = Text(outcome.step.title)
        sent.append(f"\n{outcome.came.sent}", style="dim")
        back = Text(outcome.came.back)
        if not outcome.held:
            back.stylize("red")
            back.append(f"\nexpected: {outcome.step.expected}", style="yellow")
        shown.add_row(
            str(outcome.number),
            sent,
            back,
            f"{outcome.came.milliseconds:.0f}",
            Text("ok", style="green") if outcome.held else Text("NO", style="bold red"),
        )
    console = Console()
    console.print(shown)
    held = sum(outcome.held for outcome in outcomes)
    console.print(f"{held} of {len(outcomes)} steps went as expected.", highlight=False)


def as_json(outcomes: Sequence[Outcome]) -> None:
    """Every step as JSON, with the ids it was about."""
    told(
        [
            {
                "step": outcome.number,
                "title": outcome.step.title,
                "sent": outcome.came.sent,
                "status": outcome.came.status,
                "came_back": outcome.came.back,
                "expected": outcome.step.expected,
                "held": outcome.held,
                "milliseconds": round(outcome.came.milliseconds, 1),
                "ids": list(outcome.came.ids),
            }
            for outcome in outcomes
        ]
    )


def where_to_go_next() -> None:
    """A few lines for somebody whose first run went well."""
    click.echo(
        "\nNext:\n"
        "  make serve                    a gateway of your own, on http://127.0.0.1:8080\n"
        "  curl http://127.0.0.1:8080/fhir/r4/metadata\n"
        "  docs/task-codes/              each Task code, with a request and an answer\n"
        "  docs/command-line.md          the commands that were used to set it up\n"
        "  app/cli/demo/steps/           the steps that were just taken"
    )

"""Figures as a person reads them: tables on a terminal or in Markdown; and as files."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table as RichTable

# A terminal that is narrower would cut figures in two.
WIDEST = 200


@dataclass(frozen=True)
class Table:
    """Rows under a title; the first `texts` columns are words, the others figures."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]
    texts: int = 1
    note: str = ""

    def markdown(self) -> str:
        """The table as a page holds it."""
        rule = ["---" if nth < self.texts else "---:" for nth in range(len(self.heads))]
        lines = [self.heads, rule, *(tuple(map(shown, row)) for row in self.rows)]
        table = "\n".join(f"|{'|'.join(_padded(line))}|" for line in lines)
        return "\n\n".join(part for part in (f"### {self.title}", table, self.note) if part)

    def rich(self) -> RichTable:
        """The table as a terminal shows it."""
        table = RichTable()
        for nth, head in enumerate(self.heads):
            table.add_column(head, justify="left" if nth < self.texts else "right")
        for row in self.rows:
            table.add_row(*map(shown, row))
        return table


@dataclass
class Report:
    """What one benchmark says: its tables, the same figures for programs, and plots as SVG."""

    name: str
    tables: list[Table]
    figures: Any
    plots: dict[str, str] = field(default_factory=dict)

    def print(self, *, as_markdown: bool) -> None:
        """All tables, one after the other."""
        if as_markdown:
            print("\n\n".join(table.markdown() for table in self.tables))
            return
        console = Console()
        console.width = max(console.width, WIDEST) if not console.is_terminal else console.width
        for table in self.tables:
            console.print(f"\n{table.title}", style="bold")
            console.print(table.rich())
            if table.note:
                console.print(table.note, markup=False)

    def write(self, folder: Path) -> list[Path]:
        """One JSON file, and one SVG file for each plot; answers what was written."""
        files = {f"{self.name}.json": json.dumps(self.figures, indent=1)}
        files |= {f"{self.name}-{plot}.svg": text for plot, text in self.plots.items()}
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
        return [folder / name for name in files]


def shown(value: object) -> str:
    """A cell: figures with three digits that count, nothing for None, yes and no."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return _figure(value)
    return f"{value:,}" if isinstance(value, int) else str(value)


def _figure(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _padded(cells: Sequence[object]) -> list[str]:
    return [
        str(cell) if str(cell).startswith("---") else (f" {cell} " if cell else " ")
        for cell in cells
    ]

"""Bars on a logarithmic scale as SVG, without a library: one drawing, and nothing that moves."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from benchmarks.measuring.report import shown

COLOURS = ("#1b6ca8", "#b9c4cc", "#d98b3a")
_LEFT, _RIGHT, _TOP, _BAR, _GAP, _SCALE = 170, 90, 64, 13, 12, 560


@dataclass(frozen=True)
class Group:
    """Bars that belong together: a name, and one figure for each series or none."""

    name: str
    figures: tuple[float | None, ...]


def bars(title: str, series: Sequence[str], groups: Sequence[Group]) -> str:
    """Groups of bars from the left, beside each its figure."""
    figures = [value for group in groups for value in group.figures if value]
    lowest = 10 ** math.floor(math.log10(min(figures, default=1.0)))
    decades = max(math.log10(max(figures, default=1.0) / lowest), 1e-9)
    height = _TOP + sum(len(group.figures) * _BAR + _GAP for group in groups)
    width = _LEFT + _SCALE + _RIGHT
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        _text(12, 22, title, size=15),
        *_legend(series),
    ]
    top = _TOP
    for group in groups:
        parts.append(_text(_LEFT - 8, top + _BAR * len(group.figures) / 2 + 4, group.name, "end"))
        for nth, value in enumerate(group.figures):
            if value:
                length = max(math.log10(value / lowest) / decades * _SCALE, 1.0)
                parts.append(_bar(top + nth * _BAR, length, COLOURS[nth]))
                parts.append(_text(_LEFT + length + 5, top + nth * _BAR + 10, shown(float(value))))
        top += len(group.figures) * _BAR + _GAP
    return "\n".join([*parts, "</svg>\n"])


def _legend(series: Sequence[str]) -> list[str]:
    parts = []
    for nth, name in enumerate(series):
        left = _LEFT + nth * 150
        parts.append(f'<rect x="{left}" y="38" width="11" height="11" fill="{COLOURS[nth]}"/>')
        parts.append(_text(left + 16, 48, name))
    return parts


def _bar(top: float, length: float, colour: str) -> str:
    return f'<rect x="{_LEFT}" y="{top}" width="{length:.1f}" height="{_BAR - 2}" fill="{colour}"/>'


def _text(left: float, top: float, text: str, anchor: str = "start", size: int = 11) -> str:
    return (
        f'<text x="{left:.1f}" y="{top:.1f}" text-anchor="{anchor}" font-size="{size}">'
        f"{escape(text)}</text>"
    )

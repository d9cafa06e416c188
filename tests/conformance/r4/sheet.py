"""The numbered lines of R4, the tests that hold them, and the page that lists both.

A test of this folder is named after its line, `test_020_…`; docs/conformance.md is written from
both.
"""

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
PAGE = FOLDER.parents[2] / "docs" / "conformance.md"
_NAME = re.compile(r"test_(\d{3})_(\w+)")

_SUBSCRIPTIONS = "Subscription is not offered yet: no client is told of changes, all are polled."
NOT_APPLICABLE: Mapping[int, str] = {
    66: "Search over all types at once is not offered; each type is searched by itself.",
    **dict.fromkeys(range(91, 96), _SUBSCRIPTIONS),
}
HEAD = """# Conformance

What FHIR R4 (4.0.1) asks of a server, line by line, and the tests that hold each line, over HTTP
and on both databases. Written by `make conformance ARGS=--write`; `make conformance` runs exactly
these tests and prints the table. **M** is a SHALL, **S** a SHOULD, **O** what is optional and has
to be right where it is offered. The files are those of `tests/conformance/r4`.
"""


@dataclass(frozen=True)
class Line:
    """One line: what R4 asks, where it says so, how strongly."""

    number: int
    strength: str
    page: str
    sentence: str
    section: str


def lines() -> dict[int, Line]:
    """All lines by their number."""
    found, section = {}, ""
    for row in (FOLDER / "lines.txt").read_text(encoding="utf-8").splitlines():
        if row.startswith("## "):
            section = row.removeprefix("## ")
        elif row and not row.startswith("#"):
            number, strength, page, sentence = row.split(" | ")
            found[int(number)] = Line(int(number), strength, page, sentence, section)
    return found


def line_of(name: str) -> int | None:
    """The line that a test of this name holds."""
    named = _NAME.match(name)
    return None if named is None else int(named[1])


def held() -> dict[int, list[tuple[str, str]]]:
    """File and name of every test, by the line it holds."""
    found: dict[int, list[tuple[str, str]]] = {}
    for file in sorted(FOLDER.glob("test_*.py")):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and (number := line_of(node.name)) is not None:
                found.setdefault(number, []).append((file.name, node.name))
    return found


def page() -> str:
    """docs/conformance.md as it has to be."""
    tests, text, section = held(), [HEAD], ""
    for line in lines().values():
        if line.section != section:
            section = line.section
            text.append(f"## {section}\n\n| Line | | R4 asks | Held by |\n|---|---|---|---|")
        text.append(
            f"| [{line.number}](http://hl7.org/fhir/R4/{line.page}) | {line.strength} |"
            f" {line.sentence} | {_held_by(line.number, tests)} |"
        )
    return "\n".join(text).replace("\n## ", "\n\n## ").replace("\n\n\n", "\n\n") + "\n"


def _held_by(number: int, tests: dict[int, list[tuple[str, str]]]) -> str:
    if number in NOT_APPLICABLE:
        return f"not applicable: {NOT_APPLICABLE[number]}"
    told = (f"`{file}`: {name[9:].replace('_', ' ')}" for file, name in tests.get(number, ()))
    return "<br>".join(told)

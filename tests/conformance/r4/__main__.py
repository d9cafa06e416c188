"""`make conformance`: the tests of R4's lines and what came of them, as a table.

Ends with 1 where a line fails. With `--write` docs/conformance.md is written instead.
"""

import sys
from collections import defaultdict

import pytest
from rich.console import Console
from rich.table import Table

from tests.conformance.r4.sheet import FOLDER, NOT_APPLICABLE, PAGE, line_of, lines, page


class Outcomes:
    """What became of the tests of each line."""

    def __init__(self) -> None:
        self.passed: dict[int, int] = defaultdict(int)
        self.failed: dict[int, list[str]] = defaultdict(list)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Called by pytest for the setup, the call and the end of every test."""
        name = report.nodeid.rpartition("::")[2]
        number = line_of(name)
        if number is None:
            return
        if report.failed or report.skipped:
            self.failed[number].append(name)
        elif report.when == "call":
            self.passed[number] += 1


def table(outcomes: Outcomes) -> tuple[Table, dict[str, int]]:
    """One row per line, and how many came out how."""
    told = Table("Line", "", "R4 asks", "Tests", "Outcome", title="FHIR R4, line by line")
    counts = {"passed": 0, "failed": 0, "not applicable": 0}
    for line in lines().values():
        failed, passed = outcomes.failed.get(line.number, []), outcomes.passed.get(line.number, 0)
        outcome, note = "passed", ""
        if line.number in NOT_APPLICABLE:
            outcome, note = "not applicable", f": {NOT_APPLICABLE[line.number]}"
        elif failed or not passed:
            outcome, note = "failed", f": {', '.join(failed) or 'no test has run'}"
        counts[outcome] += 1
        tests = str(passed + len(failed))
        told.add_row(
            str(line.number), line.strength, line.sentence, tests, outcome + note, end_section=False
        )
    return told, counts


def main(arguments: list[str]) -> int:
    """Run, print, and tell by the exit code."""
    if arguments == ["--write"]:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    outcomes = Outcomes()
    words = ["-q", "--no-header", "-n", "2", str(FOLDER), *arguments]
    ended = pytest.main(words, plugins=[outcomes])
    told, counts = table(outcomes)
    console = Console(width=None if sys.stdout.isatty() else 160)
    console.print(told)
    console.print(", ".join(f"{count} {name}" for name, count in counts.items()), style="bold")
    return int(ended != pytest.ExitCode.OK or counts["failed"] > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

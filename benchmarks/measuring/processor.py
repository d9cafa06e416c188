"""What processes used of the processor and of memory, as Linux tells in /proc.

On a machine that does other things as well, this is the figure that stays.
"""

import os
from collections.abc import Iterable
from pathlib import Path

# Fields of /proc/PID/stat, counted from the state, which follows the name in parentheses.
_PARENT, _USER, _SYSTEM, _CHILDREN_USER, _CHILDREN_SYSTEM = 1, 11, 12, 13, 14


def seconds_of(roots: Iterable[int]) -> float:
    """Processor seconds of these processes and all below them, those that have ended included."""
    told = _all()
    ticks = 0
    for pid in _with_descendants(roots, told):
        ticks += sum(
            int(told[pid][at]) for at in (_USER, _SYSTEM, _CHILDREN_USER, _CHILDREN_SYSTEM)
        )
    return ticks / os.sysconf("SC_CLK_TCK")


def resident_bytes(root: int) -> int:
    """Resident memory of the largest process among this one and those below it."""
    sizes = []
    for pid in _with_descendants([root], _all()):
        try:
            pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        except FileNotFoundError:
            continue
        sizes.append(pages * os.sysconf("SC_PAGE_SIZE"))
    return max(sizes, default=0)


def _all() -> dict[int, list[str]]:
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            text = (folder / "stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        found[int(folder.name)] = text.rpartition(")")[2].split()
    return found


def _with_descendants(roots: Iterable[int], told: dict[int, list[str]]) -> set[int]:
    found = {pid for pid in roots if pid in told}
    while more := {
        pid for pid, fields in told.items() if int(fields[_PARENT]) in found and pid not in found
    }:
        found |= more
    return found

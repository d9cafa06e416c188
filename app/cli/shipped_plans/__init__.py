"""Plans that come with the gateway, to try it with and to copy from: docs/plans.md.

A folder here is a set that `eclaims load --shipped` loads: a plan with its price list and network,
or the members of an example family. What they say is in a person's words in docs/plans.md.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

_FOLDER = Path(__file__).parent
_TITLES = {
    "dental": "A dental plan in USD: examinations free, fillings 20 %, crowns 50 % if agreed on",
    "medical": "A medical plan in USD: copays, a deductible, and a maximum out of pocket",
    "family": "Four people, each insured under both plans",
}
NAMES = tuple(_TITLES)


@dataclass(frozen=True, slots=True)
class ShippedSet:
    """What one name of `--shipped` loads: its files, and how many resources of each type."""

    name: str
    title: str
    files: tuple[Path, ...]
    resources: dict[str, int]


def shipped(name: str) -> ShippedSet:
    """The set of a name of NAMES; raises KeyError for any other."""
    title, files = _TITLES[name], files_of(name)
    counted = Counter(type for file in files for type in _types(file))
    return ShippedSet(name, title, files, dict(sorted(counted.items())))


def files_of(name: str) -> tuple[Path, ...]:
    """The files of a set, in the order of their names."""
    return tuple(sorted((_FOLDER / name).glob("*.json")))


def _types(file: Path) -> list[str]:
    document = json.loads(file.read_text())
    if document["resourceType"] != "Bundle":
        return [document["resourceType"]]
    return [entry["resource"]["resourceType"] for entry in document["entry"]]

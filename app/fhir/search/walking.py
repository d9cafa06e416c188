"""Many paths of element names, walked at once: no element of a document is visited twice.

Nearly all search parameters are such paths. What a path leads to is what its steps would lead to
one after the other, in the same order.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.fhir.search.paths import Member, Values, names_of

Names = tuple[Member, ...]


class _Place:
    """Which paths end at an element of one name, and where others go on from there."""

    __slots__ = ("below", "ends")

    def __init__(self) -> None:
        self.ends: list[int] = []
        self.below: dict[str, _Place] = {}


class Walk:
    """A walk along all of these paths."""

    def __init__(self, paths: Sequence[Names]) -> None:
        self._size = len(paths)
        self._start = _Place()
        for number, path in enumerate(paths):
            places = [self._start]
            for step in path:
                places = [
                    place.below.setdefault(name, _Place())
                    for place in places
                    for name in names_of(step)
                ]
            for place in places:
                place.ends.append(number)

    def __call__(self, document: Mapping[str, Any]) -> list[Values]:
        """What each path leads to, in the order of the paths."""
        found: list[Values] = [[] for _ in range(self._size)]
        _follow(document, self._start, found)
        return found


def _follow(node: Mapping[str, Any], place: _Place, found: list[Values]) -> None:
    for name, next_place in place.below.items():
        value = node.get(name)
        if value is None:
            continue
        values: Iterable[Any] = value if isinstance(value, list) else (value,)
        for each in values:
            if each is None:
                continue
            for number in next_place.ends:
                found[number].append(each)
            if next_place.below and isinstance(each, dict):
                _follow(each, next_place, found)

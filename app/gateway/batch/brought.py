"""What a transaction itself brings, and which of it meets a condition.

http://hl7.org/fhir/R4/http.html#trules
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.domain.search.entries import Entry, TokenEntry
from app.domain.search.matching import AnyLocal, Local, matches
from app.domain.search.query import Has, Missing, TokenMatch
from app.fhir.search.indexing import entries_of
from app.gateway.batch.reading import Step

# About a second of comparing, while others wait; only conditions without a code need it.
_MOST_COMPARED = 1_000_000
_Names = Mapping[str, Sequence[Entry]]


@dataclass(slots=True)
class _OfType:
    """The resources of one type: the entries of each by name, and who has which code."""

    entries: dict[int, _Names] = field(default_factory=dict)
    coded: dict[tuple[str, str], set[int]] = field(default_factory=lambda: defaultdict(set))


class Brought:
    """The resources that steps create or replace, each looked at once."""

    def __init__(self, steps: Iterable[Step], base: str) -> None:
        self._steps = [
            one for one in steps if one.method in {"POST", "PUT"} and one.document is not None
        ]
        self._base = base
        self._known: dict[str, _OfType] = {}
        self._left = _MOST_COMPARED

    def meeting(self, type: str, asked: Sequence[Local | None]) -> list[int]:
        """The positions of the resources that meet all of it; none where it asks of others too.

        Raises Unacceptable where too much would have to be compared.
        """
        wanted = [one for one in asked if one is not None]
        if len(wanted) < len(asked):
            return []
        of_type = self._of_type(type)
        candidates = set(of_type.entries)
        for condition in wanted:
            candidates &= _having_code(of_type, condition, candidates)
        return [
            position
            for position in sorted(candidates)
            if all(self._meets(of_type.entries[position], one) for one in wanted)
        ]

    def _of_type(self, type: str) -> _OfType:
        if type not in self._known:
            self._known[type] = known = _OfType()
            for step in self._steps:
                if step.type != type:
                    continue
                found: dict[str, list[Entry]] = defaultdict(list)
                for entry in entries_of(type, step.document or {}, self._base):
                    found[entry.name].append(entry)
                    if isinstance(entry, TokenEntry):
                        known.coded[entry.name, entry.code].add(step.position)
                known.entries[step.position] = found
        return self._known[type]

    def _meets(self, names: _Names, condition: Local) -> bool:
        entries = [entry for name in _names(condition) for entry in names.get(name, ())]
        self._left -= len(entries) * _values(condition)
        if self._left < 0:
            text = "The conditional references ask too much; refer by identifier, or by fullUrl."
            raise Unacceptable(Issue(ErrorCode.TOO_COMPLEX, text))
        return matches(entries, condition)


def _having_code(of_type: _OfType, condition: Local, every: set[int]) -> set[int]:
    """Who may meet the condition: who has a code that it asks for, or anybody without one."""
    if not isinstance(condition, Has) or condition.is_negated:
        return every
    found: set[int] = set()
    for match in condition.matches:
        if not isinstance(match, TokenMatch) or match.code is None:
            return every
        for name in condition.names:
            found |= of_type.coded.get((name, match.code), set())
    return found


def _names(condition: Local) -> Iterator[str]:
    if isinstance(condition, AnyLocal):
        yield from dict.fromkeys(name for each in condition.conditions for name in _names(each))
    elif isinstance(condition, Missing):
        yield condition.name
    else:
        yield from dict.fromkeys(condition.names)


def _values(condition: Local) -> int:
    """With how many values each entry is compared."""
    if isinstance(condition, AnyLocal):
        return sum(map(_values, condition.conditions))
    return 1 if isinstance(condition, Missing) else max(1, len(condition.matches))

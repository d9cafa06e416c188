"""In which order a transaction deletes: what refers to another before that.

http://hl7.org/fhir/R4/http.html#trules
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from graphlib import CycleError, TopologicalSorter

from app.domain.search.entries import ReferenceEntry
from app.fhir import json_text
from app.fhir.search.indexing import entries_of
from app.gateway.administering.reference_data import ENDS_A_WAIT
from app.gateway.batch.identities import Prepared
from app.store.unit_of_work import UnitOfWork

_Place = tuple[str, str | None]


def in_turn(ready: Iterable[Prepared], work: UnitOfWork) -> list[Prepared]:
    """The deletions among the steps, each resource after those that refer to it.

    What refers to each other in a circle comes last: none of it can be the first.
    """
    # All transactions lock in one order, as far as the references let them.
    deletions = sorted(
        (one for one in ready if one.step.method == "DELETE"),
        key=lambda one: (one.step.type not in ENDS_A_WAIT, one.key),
    )
    if len(deletions) < 2:
        return deletions
    turns = {place: turn for turn, place in enumerate(_ordered(deletions, work))}
    return sorted(deletions, key=lambda one: turns.get(_place(one), len(turns)))


def _ordered(deletions: Iterable[Prepared], work: UnitOfWork) -> Iterator[_Place]:
    places = dict.fromkeys(map(_place, deletions))
    sorter = TopologicalSorter[_Place](dict.fromkeys(places, ()))
    for place in places:
        for named in _named(place, work):
            if named in places and named != place:
                sorter.add(named, place)
    with suppress(CycleError):
        sorter.prepare()
    turn = {place: number for number, place in enumerate(places)}
    while free := sorter.get_ready():
        yield from sorted(free, key=turn.__getitem__)
        sorter.done(*free)


def _named(place: _Place, work: UnitOfWork) -> set[_Place]:
    """What a resource refers to, as far as that keeps others from being deleted."""
    type, id = place
    found = None if id is None else work.resources.find(type, id)
    if found is None or found.text is None:
        return set()
    entries = entries_of(type, json_text.parsed(found.text), work.base)
    return {(each.type, each.id) for each in entries if isinstance(each, ReferenceEntry)}


def _place(one: Prepared) -> _Place:
    return one.step.type, one.id

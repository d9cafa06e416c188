"""What a search adds to its matches: what they refer to, and what refers to them.

http://hl7.org/fhir/R4/search.html#include
"""

from collections.abc import Iterable, Sequence

from app.domain.search.query import Include
from app.fhir import json_text
from app.fhir.answers.operation_outcome import warning
from app.store.resources import Stored
from app.store.unit_of_work import UnitOfWork

MOST_INCLUDED = 1000
# `:iterate` follows what it added this often.
_ROUNDS = 5

_Key = tuple[str, str]


def included(
    matches: Sequence[Stored], includes: Sequence[Include], work: UnitOfWork
) -> tuple[list[Stored], str]:
    """What belongs to a page of matches, and an OperationOutcome's text where that was too much.

    What cannot be found, or is not the caller's to see, is left out without a word.
    """
    known = {(stored.type, stored.id) for stored in matches}
    wanted: dict[_Key, None] = {}
    newest: set[_Key] = set(known)
    for round_ in range(_ROUNDS if includes else 0):
        active = [each for each in includes if each.iterates or round_ == 0]
        newest = {
            key for include in active for key in _keys(newest, include, work) if key not in known
        }
        known |= newest
        wanted |= dict.fromkeys(sorted(newest))
        if not newest or len(wanted) > MOST_INCLUDED:
            break
    keys = list(wanted)[:MOST_INCLUDED]
    held = work.search.held(keys)
    found = work.search.find_each(keys[:held])
    if held == len(wanted):
        return found, ""
    text = f"More than {held} resources would be included: ask for smaller pages."
    return found, json_text.write(warning(text))


def _keys(of: Iterable[_Key], include: Include, work: UnitOfWork) -> set[_Key]:
    """Type and id of what one include adds to these resources; one more than allowed is enough."""
    most = MOST_INCLUDED + 1
    found: set[_Key] = set()
    by_type: dict[str, list[str]] = {}
    for type, id in sorted(of):
        by_type.setdefault(type, []).append(id)
    for type, ids in by_type.items():
        if include.is_reverse:
            if include.target in {None, type}:
                found |= set(work.search.referring(type, ids, include.source, include.name, most))
        elif include.source in {type, "*"}:
            found |= set(work.search.referred_to(type, ids, include.name, include.target, most))
    return found

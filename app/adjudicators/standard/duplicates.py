"""Which lines ask again for a service of another live Claim that was received earlier.

Same Claim type, patient and provider are the gateway's to find; code, modifiers, day and net are
compared here.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from app.adjudicators.standard.leaves import Leaf, leaves_of
from app.domain.adjudication import AdjudicationRequest, Review
from app.domain.arithmetic import currency_of, net_of
from app.domain.claims import Claim
from app.domain.codes import ClaimUse
from app.domain.money import Money

Path = tuple[int, ...]
Paths = frozenset[Path]


@dataclass(frozen=True, slots=True)
class Duplicates:
    """`exact`: the same in all; `near`: the same but for net or modifiers, and not exact."""

    exact: Paths = frozenset()
    near: Paths = frozenset()


def duplicates(request: AdjudicationRequest) -> Duplicates:
    """The lines of a Claim that are in an earlier one too; of use=claim only."""
    if request.claim.use is not ClaimUse.CLAIM or not request.earlier:
        return Duplicates()
    known: dict[tuple[object, ...], set[object]] = {}
    for earlier in request.earlier:
        for leaf in leaves_of(earlier.claim, earlier.received_on):
            if leaf.line.path not in earlier.denied:
                for service in _services(leaf):
                    known.setdefault(service, set()).add(_terms(leaf, earlier.claim))
    exact: set[Path] = set()
    near: set[Path] = set()
    for leaf in leaves_of(request.claim, request.received_on):
        found = [known[service] for service in _services(leaf) if service in known]
        if any(_terms(leaf, request.claim) in terms for terms in found):
            exact.add(leaf.line.path)
        elif found:
            near.add(leaf.line.path)
    if request.review is not None:
        # A person has looked at them: they are what that person says, and awaited no more.
        exact, near = exact | (near if request.review is Review.DUPLICATE else set()), set()
    return Duplicates(frozenset(exact), frozenset(near))


def _services(leaf: Leaf) -> Iterator[tuple[object, ...]]:
    """What is the same in a near duplicate, too; a service without a code is like no other."""
    for service in leaf.line.services:
        yield (service.key, leaf.day)


def _terms(leaf: Leaf, claim: Claim) -> tuple[object, ...]:
    currency = currency_of(claim)
    net = None if currency is None else Money(net_of(leaf.line, currency), currency)
    return (frozenset(modifier.key for modifier in leaf.line.modifiers), net)

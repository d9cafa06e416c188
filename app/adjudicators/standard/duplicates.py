"""Which lines ask again for a service of another live Claim.

Of one received earlier; a Claim that is decided again, also of a later one that was paid meanwhile.
Same Claim type, patient and provider are the gateway's to find; code, modifiers, day and net are
compared here.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from app.adjudicators.standard.leaves import Leaf, leaves_of
from app.domain.adjudication import (
    AdjudicationRequest,
    Category,
    DecidedLine,
    EarlierClaim,
    Review,
)
from app.domain.arithmetic import currency_of, net_of
from app.domain.claims import Claim
from app.domain.codes import ClaimUse
from app.domain.money import Money

Path = tuple[int, ...]
Paths = frozenset[Path]


@dataclass(frozen=True, slots=True)
class Duplicates:
    """`exact`: the same in all; `near`: the same but for net or modifiers, and not exact.

    Where not all other Claims were looked at, whatever is not exact may be near.
    """

    exact: Paths = frozenset()
    near: Paths = frozenset()


# By service and day, the modifiers and nets that it was claimed with.
_Known = dict[tuple[object, ...], set[object]]


def duplicates(request: AdjudicationRequest) -> Duplicates:
    """The lines of a Claim that are in another one too; of use=claim only."""
    if request.claim.use is not ClaimUse.CLAIM:
        return Duplicates()
    if not request.earlier and not request.has_more_earlier:
        return Duplicates()
    before = _known(each for each in request.earlier if not each.is_later)
    later = _known(each for each in request.earlier if each.is_later)
    paid = _paid_before(request)
    exact: set[Path] = set()
    near: set[Path] = set()
    for leaf in leaves_of(request.claim, request.received_on):
        # What was paid already is not given back to a later Claim, which was denied for it.
        known = (before,) if leaf.line.path in paid else (before, later)
        services = list(_services(leaf))
        found = [each[service] for each in known for service in services if service in each]
        if any(_terms(leaf, request.claim) in terms for terms in found):
            exact.add(leaf.line.path)
        elif found or (services and request.has_more_earlier):
            near.add(leaf.line.path)
    if request.review is not None:
        # A person has looked at them: they are what that person says, and awaited no more.
        exact, near = exact | (near if request.review is Review.DUPLICATE else set()), set()
    return Duplicates(frozenset(exact), frozenset(near))


def _known(claims: Iterable[EarlierClaim]) -> _Known:
    known: _Known = {}
    for other in claims:
        for leaf in leaves_of(other.claim, other.received_on):
            if leaf.line.path not in other.denied:
                for service in _services(leaf):
                    known.setdefault(service, set()).add(_terms(leaf, other.claim))
    return known


def _paid_before(request: AdjudicationRequest) -> Paths:
    """The lines of which something was eligible when the Claim was decided last."""

    def eligible(lines: Iterable[DecidedLine]) -> Iterator[Path]:
        for line in lines:
            if any(row.category is Category.ELIGIBLE for row in line.amounts):
                yield line.path
            yield from eligible(line.lines)

    return frozenset(eligible(request.reissue.decided.lines if request.reissue else ()))


def _services(leaf: Leaf) -> Iterator[tuple[object, ...]]:
    """What is the same in a near duplicate, too; a service without a code is like no other."""
    for service in leaf.line.services:
        yield (service.key, leaf.day)


def _terms(leaf: Leaf, claim: Claim) -> tuple[object, ...]:
    currency = currency_of(claim)
    net = None if currency is None else Money(net_of(leaf.line, currency), currency)
    return (frozenset(modifier.key for modifier in leaf.line.modifiers), net)

"""What earlier payers paid, line by line, and how the plan lets its own benefit follow from it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from app.adjudicators.standard.benefits import MemberShare
from app.domain.adjudication import AdjudicationRequest, EarlierAnswer
from app.domain.arithmetic import half_up
from app.domain.plan import Coordination

Path = tuple[int, ...]
_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Due:
    """A line before coordination: everybody's part of what is allowed, the benefit within limits.

    `noncovered` is what a limit takes; allowed = noncovered + the share + the benefit.
    """

    noncovered: Decimal
    share: MemberShare
    benefit: Decimal

    @property
    def allowed(self) -> Decimal:
        """All of it."""
        return self.noncovered + self.share.total + self.benefit


@dataclass(frozen=True, slots=True)
class Coordinated:
    """A line after coordination; `cob_paid` is taken off the other parts."""

    due: Due
    cob_paid: Decimal = _NOTHING


def coordinated(due: Due, paid: Decimal, method: Coordination) -> Coordinated:
    """Let a benefit follow what earlier payers paid; maintenance of benefits has done so before."""
    if method is Coordination.CARVE_OUT:
        benefit = max(due.benefit - paid, _NOTHING)
        return Coordinated(Due(due.noncovered, due.share, benefit), due.benefit - benefit)
    if method is Coordination.STANDARD:
        return _standard(due, paid)
    return Coordinated(due)


def _standard(due: Due, paid: Decimal) -> Coordinated:
    benefit = max(min(due.benefit, due.allowed - paid), _NOTHING)
    cob_paid = min(paid, due.allowed - benefit)
    excess = cob_paid - (due.benefit - benefit)
    share = due.share.less(excess)
    # What neither the benefit nor the member's share can give is taken off what a limit took.
    noncovered = due.noncovered - (excess - (due.share.total - share.total))
    return Coordinated(Due(noncovered, share, benefit), cob_paid)


def other_currency(request: AdjudicationRequest, currency: str) -> str | None:
    """A currency that an earlier payer answered in and the Claim is not in."""
    spoken = {
        money.currency
        for payer in request.earlier_payers
        if payer.answer is not None
        for money in (*payer.answer.lines.values(), payer.answer.total)
        if money is not None
    }
    return min(spoken - {currency}, default=None)


def paid_before(
    request: AdjudicationRequest, eligible: Mapping[Path, Decimal], currency: str
) -> dict[Path, Decimal]:
    """What all earlier payers paid for each leaf; `eligible` is by leaf, in sequence order."""
    sums = dict.fromkeys(eligible, _NOTHING)
    for payer in request.earlier_payers:
        for place, amount in _told(payer.answer):
            leaves = [path for path in eligible if _is_within(path, place)]
            parts = _split(half_up(Fraction(amount), currency), leaves, eligible, currency)
            for path, part in parts:
                sums[path] += part
    return sums


def _told(answer: EarlierAnswer | None) -> Iterator[tuple[Path, Decimal]]:
    if answer is None:
        return
    for path, money in answer.lines.items():
        yield path, money.amount
    if not answer.lines and answer.total is not None:
        yield (), answer.total.amount


def _is_within(path: Path, place: Path) -> bool:
    """Whether a leaf is the line that was answered, a part of it, or has it as a part."""
    depth = min(len(path), len(place))
    return path[:depth] == place[:depth]


def _split(
    amount: Decimal, leaves: Sequence[Path], eligible: Mapping[Path, Decimal], currency: str
) -> Iterator[tuple[Path, Decimal]]:
    """In proportion to eligible, half up; the last with something eligible takes what is left."""
    bearing = [path for path in leaves if eligible[path] > 0]
    base, left = sum((Fraction(eligible[path]) for path in bearing), Fraction(0)), amount
    for path in bearing:
        part = half_up(Fraction(amount) * Fraction(eligible[path]) / base, currency)
        part = left if path == bearing[-1] else min(part, left)
        left -= part
        yield path, part

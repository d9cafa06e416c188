"""How the plan lets its own benefit of a line follow from what earlier payers paid for it."""

from dataclasses import dataclass
from decimal import Decimal

from app.adjudicators.standard.benefits import MemberShare
from app.domain.adjudication import AdjudicationRequest
from app.domain.plan import Coordination

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

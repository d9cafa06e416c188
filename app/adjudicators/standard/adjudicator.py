"""The rule set `standard-3`: what may be decided, and the decision line by line."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal, localcontext

from app.adjudicators.standard.authorization import Reserves
from app.adjudicators.standard.carried_units import units_of_carried
from app.adjudicators.standard.coordination import other_currency
from app.adjudicators.standard.counters import Tally
from app.adjudicators.standard.denial import Denial
from app.adjudicators.standard.earlier_payments import paid_before
from app.adjudicators.standard.eligibility import covering
from app.adjudicators.standard.leaves import Leaf, leaves_of
from app.adjudicators.standard.lines import (
    Assessed,
    Standing,
    assessed,
    counted_by_rows,
    counted_over,
    decided,
)
from app.adjudicators.standard.missing import (
    NO_OTHER_PAYER_ANSWERED,
    QUESTIONS,
    missing_denials,
)
from app.adjudicators.standard.roll_up import rolled_up
from app.adjudicators.standard.terms import Terms, terms_of
from app.domain.adjudication import (
    AdjudicationRequest,
    Amount,
    Answer,
    Awaiting,
    Category,
    Decided,
    DecidedLine,
    Deferred,
)
from app.domain.arithmetic import EXACT
from app.domain.codes import ClaimUse
from app.domain.plan import Benefit
from app.domain.reissue import spelled

_NOTHING = Decimal(0)


class StandardAdjudicator:
    """Decides by the payer's plan, prices and counters, and by nothing else."""

    rules = "standard-3"

    def adjudicate(self, request: AdjudicationRequest) -> Answer:
        """Decide, or say what is missing; on a last call only another currency still defers."""
        with localcontext(EXACT):
            terms = terms_of(request)
            carried = _carried_leaves(request)
            leaves = leaves_of(request.claim, request.received_on)
            # Those that are decided now.
            asked = [leaf for leaf in leaves if leaf.line.path not in carried]
            return (
                _missing(request, terms)
                or _duplicate_likely(request, terms, asked)
                or _other_payer_missing(request, terms, asked)
                or _information_missing(request, terms, asked)
                or _decision(request, terms, asked, carried)
            )


def _missing(request: AdjudicationRequest, terms: Terms) -> Deferred | None:
    if request.coverage is None:
        text = "No coverage with this payer was found for the patient."
        return None if request.is_last_call else Deferred(Awaiting.COVERAGE, text)
    if request.plan is None:
        text = "The plan of the coverage was not found."
        return None if request.is_last_call else Deferred(Awaiting.PLAN, text)
    if request.plan.currency not in (None, terms.currency):
        text = f"The Claim is in {terms.currency}, the plan in {request.plan.currency}."
        return Deferred(Awaiting.OPERATOR, text)
    other = other_currency(request, terms.currency)
    if other is not None:
        text = f"The Claim is in {terms.currency}, an earlier payer's answer in {other}."
        return Deferred(Awaiting.OPERATOR, text)
    return None


def _other_payer_missing(
    request: AdjudicationRequest, terms: Terms, asked: Sequence[Leaf]
) -> Deferred | None:
    if request.is_last_call or not terms.lacks_other_payer:
        return None
    left = Reserves(terms)
    if all(covering(leaf, terms, left) != NO_OTHER_PAYER_ANSWERED for leaf in asked):
        return None
    text = "The answer of a payer that comes earlier in Claim.insurance is needed."
    return Deferred(Awaiting.OTHER_PAYER, text)


def _duplicate_likely(
    request: AdjudicationRequest, terms: Terms, asked: Sequence[Leaf]
) -> Deferred | None:
    """A person looks at what would be paid and is a service of another Claim but for its price."""
    likely = [
        leaf.line.path
        for leaf in asked
        if leaf.line.path in terms.duplicates.near and isinstance(covering(leaf, terms), Benefit)
    ]
    if not likely:
        return None
    lines = ", ".join(spelled(path) for path in likely)
    text = f"Another Claim has the same service at another price or modifier: line {lines}."
    if request.has_more_earlier:
        text = f"Too many other Claims have services of this one to look at all: line {lines}."
    return Deferred(Awaiting.OPERATOR, text)


def _information_missing(
    request: AdjudicationRequest, terms: Terms, asked: Sequence[Leaf]
) -> Deferred | None:
    """Ask once for all that lines lack which would be paid if it were here."""
    if request.is_last_call:
        return None
    lacking: dict[Denial, list[str]] = {denial: [] for denial in QUESTIONS}
    left = Reserves(terms)
    for leaf in asked:
        found, benefit = covering(leaf, terms, left), terms.benefit_of(leaf)
        if isinstance(found, Denial) and found in QUESTIONS and benefit is not None:
            for denial in missing_denials(leaf, benefit, terms):
                lacking[denial].append(spelled(leaf.line.path))
    questions = {QUESTIONS[denial]: ", ".join(lines) for denial, lines in lacking.items() if lines}
    if not questions:
        return None
    text = " ".join(question.format(lines) for question, lines in questions.items())
    return Deferred(Awaiting.INFORMATION, text)


def _decision(
    request: AdjudicationRequest,
    terms: Terms,
    asked: Sequence[Leaf],
    carried: dict[tuple[int, ...], tuple[Amount, ...]],
) -> Decided:
    standing = Standing(Tally(request.counters), Reserves(terms))
    _keep(request, carried, standing.reserves)
    units = units_of_carried(request, carried, terms) if carried else {}
    # Lines that are carried over come first: what they used is not there for the others.
    for leaf in leaves_of(request.claim, request.received_on) if carried else ():
        if leaf.line.path in carried:
            _count(leaf, carried[leaf.line.path], units, request, terms, standing)
    lines = {leaf.line.path: assessed(leaf, terms, standing) for leaf in asked}
    eligible, method = _eligible(request, lines, carried), terms.plan.coordination
    paid = paid_before(request, eligible, carried, terms.currency, method)
    leaves = carried | {
        path: decided(line, paid[path], terms, standing) for path, line in lines.items()
    }
    # What is only asked for, not claimed, uses the counters as they stand and moves none.
    is_claimed = request.claim.use is ClaimUse.CLAIM
    postings = standing.tally.postings() if is_claimed else ()
    rolled = rolled_up(request, leaves, terms.currency, postings)
    return replace(rolled, uses=standing.reserves.uses())


def _keep(
    request: AdjudicationRequest,
    carried: Mapping[tuple[int, ...], tuple[Amount, ...]],
    reserves: Reserves,
) -> None:
    """Lines that are carried over keep what they use.

    What the Claim used as a whole, before lines were told, stays up to what else they are paid.
    """
    uses = request.reissue.decided.uses if request.reissue else ()
    own = [use for use in uses if use.path in carried]
    paid = sum((_row(rows, Category.BENEFIT) for rows in carried.values()), _NOTHING)
    unnamed = paid - sum((use.amount for use in own), _NOTHING)
    for use in own:
        reserves.keep(use)
    for use in (use for use in uses if not use.path):
        kept = min(use.amount, unnamed)
        unnamed -= kept
        reserves.keep(replace(use, amount=kept))


def _count(
    leaf: Leaf,
    rows: tuple[Amount, ...],
    units: Mapping[tuple[int, ...], Decimal],
    request: AdjudicationRequest,
    terms: Terms,
    standing: Standing,
) -> None:
    """Count a line that is carried over: as it is counted, else (not told) by its rows."""
    path = leaf.line.path
    counted = request.reissue.decided.postings if request.reissue else ()
    if any(posting.path for posting in counted):
        own = (posting for posting in counted if posting.path == path)
        counted_over(leaf, own, units[path], terms, standing)
    else:
        counted_by_rows(leaf, rows, units[path], terms, standing)


def _eligible(
    request: AdjudicationRequest,
    lines: Mapping[tuple[int, ...], Assessed],
    carried: Mapping[tuple[int, ...], tuple[Amount, ...]],
) -> dict[tuple[int, ...], Decimal]:
    """What is eligible of each leaf in sequence order, of those carried over by their rows."""
    if not carried:
        return {path: line.eligible for path, line in lines.items()}
    paths = [leaf.line.path for leaf in leaves_of(request.claim, request.received_on)]
    return {
        path: lines[path].eligible if path in lines else _row(carried[path], Category.ELIGIBLE)
        for path in paths
    }


def _row(rows: tuple[Amount, ...], category: Category) -> Decimal:
    return sum((row.money.amount for row in rows if row.category is category), _NOTHING)


def _carried_leaves(request: AdjudicationRequest) -> dict[tuple[int, ...], tuple[Amount, ...]]:
    """The rows of every leaf that an earlier decision is carried over for."""
    if request.reissue is None:
        return {}

    def leaves(line: DecidedLine) -> Iterator[DecidedLine]:
        if not line.lines:
            yield line
        for part in line.lines:
            yield from leaves(part)

    carried = request.reissue.carried().values()
    return {leaf.path: leaf.amounts for line in carried for leaf in leaves(line)}

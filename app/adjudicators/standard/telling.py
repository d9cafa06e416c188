"""What the plan would bear of services that are only asked about, by the terms of a decision.

The same terms as a Claim of that day meets: what is told covered is what would be paid.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal, localcontext

from app.adjudicators.standard import counters, reasons
from app.adjudicators.standard.benefits import cost_of
from app.adjudicators.standard.counters import Tally
from app.adjudicators.standard.denial import Denial
from app.adjudicators.standard.eligibility import covering
from app.adjudicators.standard.frequency import used_of
from app.adjudicators.standard.leaves import Leaf, latest_service_day, leaves_of
from app.adjudicators.standard.limits import limit_of
from app.adjudicators.standard.missing import QUESTIONS
from app.adjudicators.standard.network import is_in_network
from app.adjudicators.standard.reasons import find_note
from app.adjudicators.standard.terms import Terms, terms_of
from app.domain.adjudication import AdjudicationRequest, Category, Counter, Decided
from app.domain.arithmetic import EXACT
from app.domain.claims import Days, Line
from app.domain.codes import ClaimUse
from app.domain.eligibility import Allowance, AllowanceKind, Told
from app.domain.plan import Benefit, CostKind, LimitKind

_ALWAYS = (Days(None, None),)
_COSTS = {
    CostKind.COPAY: AllowanceKind.COPAY,
    CostKind.COINSURANCE: AllowanceKind.COINSURANCE,
    CostKind.DEDUCTIBLE: AllowanceKind.DEDUCTIBLE,
}


def plan_told(request: AdjudicationRequest) -> tuple[Told, ...]:
    """The plan as a whole: what is common to all its categories, in and out of network."""
    with localcontext(EXACT):
        terms, tally = terms_of(request), Tally(request.counters)
        allowances = tuple(_of_the_plan(request.received_on, terms, tally))
    return (Told(allowances=allowances),) if allowances else ()


def services_told(request: AdjudicationRequest, *, is_provider_known: bool) -> tuple[Told, ...]:
    """Each line of the question, else each category of the plan.

    The question is a request about a Claim that nobody made, received on the day of service.
    Without a known provider, costs are told in and out of network where they differ.
    """
    with localcontext(EXACT):
        terms, tally = terms_of(_unclaimed(request)), Tally(request.counters)
        return tuple(
            told
            for leaf, asked in _leaves(request)
            for told in _of_leaf(leaf, asked, terms, tally, is_provider_known)
        )


def balances_told(decided: Decided, request: AdjudicationRequest) -> tuple[Told, ...]:
    """What is used after a decision: of the plan, and of each category that the Claim has lines of.

    As of its last day of service.
    """
    day = latest_service_day(request.claim, request.received_on)
    with localcontext(EXACT):
        sums = dict(request.counters or {})
        for posting in decided.postings:
            sums[posting.counter] = sums.get(posting.counter, Decimal(0)) + posting.amount
        terms, tally = terms_of(request), Tally(sums)
        leaves = leaves_of(request.claim, request.received_on)
        found = [benefit for leaf in leaves if (benefit := terms.benefit_of(leaf)) is not None]
        of_categories = (
            Told(category=benefit.category, allowances=counted)
            for benefit in {each.category.key: each for each in found}.values()
            if (counted := _counted(benefit, day, terms, tally))
        )
        of_the_plan = tuple(_of_the_plan(day, terms, tally))
        return (*((Told(allowances=of_the_plan),) if of_the_plan else ()), *of_categories)


def _counted(benefit: Benefit, day: date, terms: Terms, tally: Tally) -> tuple[Allowance, ...]:
    limits = _limits(benefit, day, terms, tally)
    return tuple(each for each in limits if each.used is not None)


def _unclaimed(request: AdjudicationRequest) -> AdjudicationRequest:
    """The question as if nothing were missing: what a Claim would need is told by itself."""
    claim = replace(request.claim, use=ClaimUse.PREDETERMINATION)
    return replace(request, claim=claim, attachments=1)


def _leaves(request: AdjudicationRequest) -> Iterator[tuple[Leaf, Line | None]]:
    """What is asked about; the categories of the plan stand for a question that names nothing."""
    for leaf in leaves_of(request.claim, request.received_on):
        yield leaf, leaf.line
    if request.claim.lines or request.plan is None:
        return
    for benefit in request.plan.benefits:
        line = Line(path=(1,), expression="", categories=(benefit.category,))
        yield Leaf(line, request.received_on), None


def _of_the_plan(day: date, terms: Terms, tally: Tally) -> Iterator[Allowance]:
    plan, coverage = terms.plan, terms.coverage
    deductible, family_deductible = counters.deductibles(coverage, day)
    out_of_pocket, family_out_of_pocket = counters.out_of_pockets(coverage, day)
    year = counters.benefit_of_plan(coverage, day)
    figures: tuple[tuple[AllowanceKind, Decimal | None, Counter], ...] = (
        (AllowanceKind.DEDUCTIBLE_INDIVIDUAL, plan.deductible_individual, deductible),
        (AllowanceKind.DEDUCTIBLE_FAMILY, plan.deductible_family, family_deductible),
        (AllowanceKind.OUT_OF_POCKET_INDIVIDUAL, plan.out_of_pocket_individual, out_of_pocket),
        (AllowanceKind.OUT_OF_POCKET_FAMILY, plan.out_of_pocket_family, family_out_of_pocket),
        (AllowanceKind.AMOUNT_PER_YEAR, plan.amount_per_year, year),
    )
    for kind, allowed, counter in figures:
        if allowed is not None:
            yield Allowance(kind, allowed, tally.of(counter), terms.currency)


def _of_leaf(
    leaf: Leaf, asked: Line | None, terms: Terms, tally: Tally, is_provider_known: bool
) -> Iterator[Told]:
    benefit = terms.benefit_of(leaf)
    found = covering(leaf, terms)
    # What only a Claim tells, or is asked for, excludes nothing yet.
    exclusion = None
    if isinstance(found, Denial) and found not in QUESTIONS:
        exclusion = _exclusion(found, benefit, terms)
    plain = Told(
        category=benefit.category if benefit else None,
        asked=asked,
        exclusion=exclusion,
        authorization_required=benefit is not None and benefit.authorization_required,
        attachment_required=any(price.needs_attachment for price in terms.prices_for(leaf)),
    )
    if benefit is None:
        yield plain
        return
    yield from _costs(plain, benefit, leaf.day, terms, tally, is_provider_known)
    limits = (
        *_limits(benefit, leaf.day, terms, tally),
        *(
            Allowance(AllowanceKind.FREQUENCY, rule.units, used, within=rule.span)
            for rule, used in used_of(leaf, benefit, terms, tally)
        ),
    )
    if limits:
        yield replace(plain, allowances=limits)


def _exclusion(denial: Denial, benefit: Benefit | None, terms: Terms) -> str:
    starts_on = terms.coverage.starts_on
    if denial.reason == reasons.WAITING and benefit is not None and starts_on is not None:
        covered_from = benefit.covered_from(starts_on)
        if covered_from is None:
            return "A waiting period that does not end."
        return f"A waiting period: covered from {covered_from.isoformat()}."
    note = find_note(denial.reason, Category.NONCOVERED)
    return note or f"Not covered: {denial.reason.display}."


def _costs(
    plain: Told, benefit: Benefit, day: date, terms: Terms, tally: Tally, is_provider_known: bool
) -> Iterator[Told]:
    """What the member bears: at the provider's side of the network, else at both."""
    if is_provider_known or not terms.plan.networks:
        yield replace(
            plain,
            in_network=is_in_network(day, terms),
            allowances=_shares(benefit, day, terms, tally),
        )
        return
    inside, outside = (
        _shares(benefit, day, replace(terms, affiliations=affiliations), tally)
        for affiliations in (_ALWAYS, ())
    )
    if inside == outside:
        yield replace(plain, allowances=inside)
        return
    yield replace(plain, in_network=True, allowances=inside)
    yield replace(plain, in_network=False, allowances=outside)


def _shares(benefit: Benefit, day: date, terms: Terms, tally: Tally) -> tuple[Allowance, ...]:
    taken = tally.of(counters.copays(terms.coverage, benefit.category.key, day))
    found = []
    for kind, told_as in _COSTS.items():
        share = cost_of(benefit, kind, day, terms)
        if share is None:
            continue
        is_money = kind is not CostKind.COINSURANCE
        used = taken if kind is CostKind.COPAY else None
        found.append(Allowance(told_as, share, used, terms.currency if is_money else None))
    return tuple(found)


def _limits(benefit: Benefit, day: date, terms: Terms, tally: Tally) -> Iterator[Allowance]:
    category, coverage = benefit.category.key, terms.coverage
    counted = {
        LimitKind.AMOUNT_PER_YEAR: counters.benefit_of_year(coverage, category, day),
        LimitKind.AMOUNT_PER_LIFETIME: counters.benefit_of_lifetime(coverage, category),
        LimitKind.VISITS_PER_YEAR: counters.visits_of_year(coverage, category, day),
        LimitKind.UNITS_PER_CLAIM: None,
    }
    for kind, counter in counted.items():
        allowed = limit_of(benefit, kind)
        if allowed is None:
            continue
        is_money = kind in (LimitKind.AMOUNT_PER_YEAR, LimitKind.AMOUNT_PER_LIFETIME)
        used = None if counter is None else tally.of(counter)
        currency = terms.currency if is_money else None
        yield Allowance(AllowanceKind(kind.value), allowed, used, currency)

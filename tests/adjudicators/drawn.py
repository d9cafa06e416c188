"""Hypothesis strategies: Claims that intake accepts, with plans, prices and counters for them."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import strategies as st

from app.domain.adjudication import (
    AdjudicationRequest,
    Counter,
    Coverage,
    EarlierAnswer,
    EarlierPayer,
)
from app.domain.arithmetic import gross_of, net_of
from app.domain.authorizations import Authorization, HeldLine
from app.domain.claims import Days, Line
from app.domain.codes import ClaimUse
from app.domain.money import Money, minor_unit, rounded
from app.domain.persons import NOBODY_KNOWN, Person, Sex
from app.domain.plan import Benefit, Coordination, CostKind, CostShare, Limit, LimitKind, Plan
from app.domain.restrictions import Per, Restriction
from tests.adjudicators.builders import (
    DAY,
    NETWORK,
    a_claim,
    a_frequency,
    a_line,
    a_price,
    category,
    service,
)

CATEGORIES = ["general", "basic", "major"]
SERVICES = ["exam", "scan", "drug"]
DAYS = [DAY, DAY.replace(day=2), DAY.replace(year=2025)]


def amounts(currency, highest=500):
    """Amounts in whole minor units."""
    unit = minor_unit(currency)
    return st.integers(0, highest * int(1 / unit)).map(lambda units: units * unit)


def maybe(strategy):
    return st.none() | strategy


@st.composite
def leaves(draw, currency, path):
    """A leaf whose net is right; with or without a unit price."""
    unit_price = Money(draw(amounts(currency)), currency)
    drawn = a_line(
        path,
        service=draw(st.sampled_from(SERVICES)),
        categories=draw(st.sampled_from([(), ("basic",), ("major",), ("odd",)])),
        quantity=draw(st.sampled_from(["1", "2", "3", "0.5", "7"])),
        factor=draw(st.sampled_from(["1", "0.75", "1.1", "0.07"])),
        tax=draw(maybe(amounts(currency, 50))),
        currency=currency,
        day=draw(st.sampled_from(DAYS)),
        teeth=draw(st.sampled_from([(), ("14",)])),
    )
    priced = with_amounts(drawn, unit_price=unit_price)
    net = Money(rounded(gross_of(priced), currency), currency)
    return with_amounts(priced, unit_price=draw(st.sampled_from([unit_price, None])), net=net)


def with_amounts(line, **amounts):
    return Line(**{name: getattr(line, name) for name in line.__slots__} | amounts)


@st.composite
def lines(draw, currency, path, depth=0):
    """A leaf, or a group with the sum of its lines for a net."""
    width = draw(st.integers(0, 3)) if depth < 2 else 0
    if width == 0:
        return draw(leaves(currency, path))
    parts = tuple(draw(lines(currency, (*path, part), depth + 1)) for part in range(1, width + 1))
    net = Money(sum((net_of(part, currency) for part in parts), Decimal(0)), currency)
    group = a_line(path, None, *draw(st.permutations(parts)), currency=currency)
    return with_amounts(group, net=draw(st.sampled_from([net, None])))


frequencies = st.builds(
    a_frequency,
    st.integers(0, 9),
    st.sampled_from(SERVICES),
    months=st.sampled_from([0, 1, 18]),
    name=st.sampled_from(["a", "b"]),
    per=st.sampled_from([None, None, Per.BODY_SITE]),
)
restrictions = st.sampled_from(
    [
        Restriction(minimum_age=30),
        Restriction((service("scan"),), maximum_age=17),
        Restriction((service("exam"),), sex=Sex.FEMALE),
    ]
)
PEOPLE = [NOBODY_KNOWN, Person(Days(DAY, DAY), Sex.FEMALE), Person(sex=Sex.MALE)]


@st.composite
def benefits(draw, currency, code):
    shares = [
        CostShare(CostKind.COINSURANCE, Decimal(draw(st.integers(0, 100)))),
        CostShare(CostKind.COINSURANCE, Decimal(draw(st.integers(0, 100))), in_network=False),
        CostShare(CostKind.COPAY, draw(amounts(currency, 40))),
        CostShare(CostKind.DEDUCTIBLE, Decimal(0), in_network=draw(st.booleans())),
    ]
    limits = {
        LimitKind.VISITS_PER_YEAR: st.integers(0, 3).map(Decimal),
        LimitKind.UNITS_PER_CLAIM: st.integers(0, 9).map(Decimal),
        LimitKind.AMOUNT_PER_YEAR: amounts(currency),
        LimitKind.AMOUNT_PER_LIFETIME: amounts(currency),
    }
    kept = draw(st.sets(st.sampled_from(sorted(limits))))
    return Benefit(
        category(code),
        tuple(draw(st.lists(st.sampled_from(shares), unique=True, max_size=4))),
        tuple(Limit(kind, draw(limits[kind])) for kind in sorted(kept)),
        waiting_days=draw(st.sampled_from([0, 0, 500])),
        excluded=draw(st.sampled_from([(), (), (service("drug"),)])),
        frequencies=tuple(draw(st.lists(frequencies, max_size=2))),
        restrictions=tuple(draw(st.lists(restrictions, max_size=1))),
        authorization_required=draw(st.sampled_from([False, False, True])),
    )


@st.composite
def plans(draw, currency):
    listed = draw(st.lists(st.sampled_from(CATEGORIES), unique=True, min_size=1))
    ceilings = (
        "deductible_individual",
        "deductible_family",
        "out_of_pocket_individual",
        "out_of_pocket_family",
        "amount_per_year",
    )
    return Plan(
        "plan",
        "1",
        currency=currency,
        benefits=tuple(draw(benefits(currency, code)) for code in listed),
        timely_filing_days=draw(st.sampled_from([None, None, 10])),
        coordination=draw(st.sampled_from(Coordination)),
        networks=draw(st.sampled_from([(), (NETWORK,)])),
        **{name: draw(maybe(amounts(currency))) for name in ceilings},
    )


@st.composite
def counters(draw, currency):
    """What was used before, of the counters the plan's figures look at."""
    kinds = {
        "deductible-individual": "member",
        "deductible-family": "family",
        "out-of-pocket-individual": "member",
        "out-of-pocket-family": "family",
        "benefit": "member",
    }
    used = draw(st.sets(st.sampled_from(sorted(kinds))))
    return {
        Counter(kinds[kind], kind, "", "2026"): draw(amounts(currency)) for kind in sorted(used)
    }


@st.composite
def authorizations(draw, currency):
    """Up to two preauthorizations, each with up to two lines of two of the services."""
    services = [frozenset({a_price(service, None).service.key}) for service in SERVICES[:2]]
    quantities = st.sampled_from([None, *(Decimal(each) for each in ("0", "0.5", "2", "9"))])
    lines = st.builds(
        HeldLine, st.just(()), st.sampled_from(services), amounts(currency), quantities
    )
    drawn = draw(st.lists(st.lists(lines, max_size=2), max_size=2))
    return tuple(
        Authorization(
            f"P{number}",
            currency,
            tuple(replace(line, path=(path,)) for path, line in enumerate(held, 1)),
        )
        for number, held in enumerate(drawn, 1)
    )


@st.composite
def earlier_payers(draw, currency, lines):
    """Up to two, each answered by item or in total, or subrogated."""
    answers = st.one_of(
        st.builds(
            EarlierAnswer,
            st.dictionaries(
                st.sampled_from([line.path for line in lines]),
                amounts(currency).map(lambda amount: Money(amount, currency)),
            ),
        ),
        st.builds(
            EarlierAnswer,
            st.just({}),
            amounts(currency, 2000).map(lambda amount: Money(amount, currency)),
        ),
    )
    payers = st.builds(EarlierPayer, answers) | st.just(EarlierPayer(None, is_subrogated=True))
    return tuple(draw(st.lists(payers, max_size=2)))


@st.composite
def requests(draw):
    """A request whose Claim passes intake."""
    currency = draw(st.sampled_from(["USD", "JPY", "KWD"]))
    width = draw(st.integers(1, 4))
    items = [draw(lines(currency, (item,))) for item in range(1, width + 1)]
    prices = st.builds(
        a_price,
        st.sampled_from(SERVICES),
        amounts(currency),
        currency=st.just(currency),
        category_code=maybe(st.sampled_from(CATEGORIES)),
        on=st.sampled_from([None, None, (1,), (2,)]),
    )
    total = sum((net_of(item, currency) for item in items), Decimal(0))
    return AdjudicationRequest(
        claim=a_claim(
            *draw(st.permutations(items)),
            use=draw(st.sampled_from(ClaimUse)),
            total=Money(total, currency),
            billable=draw(maybe(st.just(Days(DAY, DAY)))),
        ),
        received_on=DAY.replace(day=9),
        coverage=draw(maybe(st.just(Coverage("member", "family", DAY.replace(year=2025))))),
        plan=draw(plans(currency)),
        patient=draw(st.sampled_from(PEOPLE)),
        prices=tuple(draw(st.lists(prices, max_size=3))),
        affiliations=draw(st.sampled_from([(), (Days(None, None),), (Days(DAY, DAY),)])),
        counters=draw(counters(currency)),
        authorizations=draw(authorizations(currency)),
        earlier_payers=draw(earlier_payers(currency, items)),
        is_last_call=True,
    )

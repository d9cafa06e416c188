"""Plans, lines and Claims to decide; the defaults are valid, a test names what matters."""

from collections import defaultdict
from dataclasses import replace
from datetime import date
from decimal import Decimal

from app.adjudicators.standard import StandardAdjudicator
from app.domain.adjudication import AdjudicationRequest, Counter, Coverage, Decided
from app.domain.authorizations import Authorization, HeldLine
from app.domain.canonical import PLAN
from app.domain.claims import Claim, Days, Insurance, Line
from app.domain.codes import ClaimUse, Coding
from app.domain.money import Money
from app.domain.plan import Benefit, CostKind, CostShare, Limit, LimitKind, Plan, Price
from app.domain.references import Reference
from app.domain.restrictions import Frequency, Span

DAY = date(2026, 6, 1)
GENERAL = Coding(PLAN, "general")
NETWORK = Reference("Organization", "network")
_CATEGORIES = "https://example.org/fhir/CodeSystem/benefit"
_SERVICES = "https://example.org/fhir/CodeSystem/service"
_TEETH = "https://example.org/fhir/CodeSystem/tooth"
_MODIFIERS = "https://example.org/fhir/CodeSystem/modifier"


def category(code):
    return GENERAL if code == "general" else Coding(_CATEGORIES, code)


def service(code):
    return Coding(_SERVICES, code)


def a_frequency(units, *services, months=0, days=0, name="rule", per=None):
    """So many of these services in a calendar year, or in so many months or days."""
    span = Span(months, days) if months or days else None
    return Frequency(name, Decimal(units), tuple(map(service, services)), span, per)


def rendered(day, units=1, *, counted_as="rule"):
    """A counter: so many units of a frequency were counted on a day."""
    return {Counter("member", "frequency", counted_as, str(day)): Decimal(units)}


def a_benefit(code="general", *, copay=None, coinsurance=None, waived=False, **rest):
    """One category; `limits` is a dict of kinds, `outside`, `copay_outside` are out of network."""
    shares = []
    if copay is not None:
        shares.append(CostShare(CostKind.COPAY, Decimal(copay)))
    if coinsurance is not None:
        shares.append(CostShare(CostKind.COINSURANCE, Decimal(coinsurance)))
    if waived:
        shares.append(CostShare(CostKind.DEDUCTIBLE, Decimal(0)))
    if "outside" in rest:
        outside = Decimal(rest.pop("outside"))
        shares.append(CostShare(CostKind.COINSURANCE, outside, in_network=False))
    if "copay_outside" in rest:
        outside = Decimal(rest.pop("copay_outside"))
        shares.append(CostShare(CostKind.COPAY, outside, in_network=False))
    limits = rest.pop("limits", {})
    return Benefit(
        category(code),
        tuple(shares),
        tuple(Limit(LimitKind(kind), Decimal(value)) for kind, value in limits.items()),
        **rest,
    )


def a_plan(*benefits, currency="USD", **figures):
    """A plan; amounts may be given as text."""
    exact = {
        name: Decimal(value) if type(value) is str else value for name, value in figures.items()
    }
    return Plan("plan", "1", currency=currency, benefits=benefits or (a_benefit(),), **exact)


def a_price(service, amount, *, on=None, currency="USD", category_code=None, **days):
    """A price; `on` are the items that meet its condition, None: it has none."""
    return Price(
        Coding(_SERVICES, service),
        None if amount is None else Money(Decimal(amount), currency),
        category(category_code) if category_code else None,
        () if on is None else ("a condition",),
        **days,
        lines=frozenset((item,) for item in on or ()),
    )


def a_line(sequence, net=None, *lines, **rest):
    """A line whose unit price is its net, unless told; `sequence` 1 or a path (1, 2)."""
    path = sequence if isinstance(sequence, tuple) else (sequence,)
    currency = rest.pop("currency", "USD")

    def money(amount):
        return None if amount is None else Money(Decimal(amount), currency)

    day = rest.pop("day", DAY)
    return Line(
        path=path,
        expression="Claim.line" + "".join(f"[{part}]" for part in path),
        services=(service(rest.pop("service", "exam")),),
        modifiers=tuple(Coding(_MODIFIERS, code) for code in rest.pop("modifiers", ())),
        categories=tuple(category(code) for code in rest.pop("categories", ())),
        serviced=rest.pop("serviced", Days(day, day)),
        quantity=Decimal(rest.pop("quantity", 1)),
        unit_price=money(rest.pop("price", net)),
        factor=Decimal(rest.pop("factor", 1)),
        tax=money(rest.pop("tax", None)),
        net=money(net),
        lines=lines,
        body_sites=tuple(Coding(_TEETH, site) for site in rest.pop("teeth", ())),
        sub_sites=tuple(Coding(_TEETH, site) for site in rest.pop("surfaces", ())),
        **rest,
    )


def a_claim(*lines, use=ClaimUse.CLAIM, **rest):
    return Claim(
        use=use,
        type=None,
        created=rest.pop("created", Days(DAY, DAY)),
        patient=Reference("Patient", "1"),
        provider=Reference("Organization", "1"),
        insurance=(Insurance(1, True, Reference("Coverage", "1")),),
        lines=lines,
        **rest,
    )


def a_request(*lines, plan=None, in_network=True, **rest):
    """A request about a Claim of these lines, by a member insured since 2026."""
    plan = plan or a_plan()
    if not in_network:
        plan = replace(plan, networks=(NETWORK,))
    bill = {name: rest.pop(name) for name in ("use", "billable", "created") if name in rest}
    return AdjudicationRequest(
        claim=a_claim(*lines, **bill),
        received_on=rest.pop("received_on", DAY),
        coverage=rest.pop("coverage", Coverage("member", "family", date(2026, 1, 1))),
        plan=plan,
        **rest,
    )


def counters(**sums):
    """Sums of 2026 before the Claim, by kind: `deductible_individual="40"`."""
    holders = {"individual": "member", "family": "family"}
    return {
        Counter(holders[kind.split("_")[-1]], kind.replace("_", "-"), "", "2026"): Decimal(amount)
        for kind, amount in sums.items()
    }


def held_line(path=1, *, service="exam", amount="500.00", quantity="1"):
    """What is left of a line of a preauthorization; `quantity` None: only the amount binds."""
    return HeldLine(
        path if isinstance(path, tuple) else (path,),
        frozenset({Coding(_SERVICES, service).key}),
        Decimal(amount),
        None if quantity is None else Decimal(quantity),
    )


def held(*lines, key="P1", currency="USD", **days):
    """A preauthorization of some lines."""
    return Authorization(key, currency, lines, **days)


def used(decided):
    """What a decision uses, in the order it is told: 'P1 1 by 2: 2 units, 80.00'."""
    return [
        f"{use.authorization} {_path(use.held)} by {_path(use.path)}: "
        f"{use.quantity.normalize():f} units, {use.amount}"
        for use in decided.uses
    ]


def _path(path):
    return ".".join(map(str, path)) or "-"


def decide(*lines, **rest):
    """The decision of the standard adjudicator."""
    answer = StandardAdjudicator().adjudicate(a_request(*lines, **rest))
    assert isinstance(answer, Decided)
    return answer


def rows(amounts):
    """Rows as a person writes them: 'contractual 20.00 (45)'."""
    return [
        f"{row.category} {row.money.amount}"
        + (f" ({', '.join(reason.code for reason in row.reasons)})" if row.reasons else "")
        for row in amounts
    ]


def worked(decided):
    """The rows of every line by its path: {'1': [...], '1.2': [...]}."""
    shown = {}

    def show(lines):
        for line in lines:
            shown[".".join(map(str, line.path))] = rows(line.amounts)
            show(line.lines)

    show(decided.lines)
    return shown


def posted(decided):
    """What is posted, as 'kind|category|period': {'copay|general|2026-06-01': Decimal(20)}."""
    sums = defaultdict(Decimal)
    for posting in decided.postings:
        counter = posting.counter
        parts = (counter.kind, counter.category.partition("|")[2], counter.period)
        sums["|".join(filter(None, parts))] += posting.amount
    return dict(sums)

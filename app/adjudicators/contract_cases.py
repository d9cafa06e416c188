"""The requests every adjudicator is tried on: small Claims, each with one thing of interest."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from app.domain.adjudication import (
    AdjudicationRequest,
    Amount,
    Category,
    Coverage,
    Decided,
    DecidedLine,
    Note,
)
from app.domain.authorizations import Authorization, HeldLine
from app.domain.canonical import PLAN
from app.domain.claims import Claim, Days, Insurance, Line
from app.domain.codes import ClaimUse, Coding
from app.domain.money import Money
from app.domain.plan import Benefit, CostKind, CostShare, Plan, Price
from app.domain.references import Identifier, Reference
from app.domain.reissue import Path, Reissue

SERVICES = "https://example.org/fhir/CodeSystem/service"
_DAY = date(2026, 3, 2)


def requests() -> dict[str, AdjudicationRequest]:
    """The cases by name; each call builds them anew, all of them pass intake."""
    return {
        **_single_lines(),
        "three tiers": _request(_claim("USD", _three_tiers("USD"))),
        "three tiers in another order": _request(_claim("USD", *_unordered("USD"))),
        "many lines": _request(_claim("USD", *_many("USD"))),
        "many lines of 1 JPY": _request(_claim("JPY", *_many("JPY"))),
        **_uses(),
        **_unknowns(),
        **_reissues(),
        **_authorized(),
    }


def _single_lines() -> dict[str, AdjudicationRequest]:
    taxed = _line("USD", 1, "exam", "107.00")
    without_price = _line("USD", 1, "exam", "33.34")
    return {
        "one line": _request(_claim("USD", _line("USD", 1, "exam", "100.00"))),
        "one line in JPY": _request(_claim("JPY", _line("JPY", 1, "exam", "1235"))),
        "one line in KWD": _request(_claim("KWD", _line("KWD", 1, "exam", "12.345"))),
        "tax": _request(
            _claim(
                "USD",
                replace(taxed, unit_price=Money(Decimal(100), "USD"), tax=Money(Decimal(7), "USD")),
            )
        ),
        "no unit price": _request(
            _claim("USD", replace(without_price, unit_price=None, quantity=Decimal(3)))
        ),
        "zero amount": _request(_claim("USD", _line("USD", 1, "exam", "0.00"))),
        "no amounts": _request(_claim("USD", Line((1,), "Claim.item[0]", (_service("exam"),)))),
        "a service nobody prices": _request(_claim("USD", _line("USD", 1, "other", "80.00"))),
        "out of network": _out_of_network(),
    }


def _out_of_network() -> AdjudicationRequest:
    request = _request(_claim("USD", _line("USD", 1, "exam", "100.00")))
    networks = (Reference("Organization", "network"),)
    return replace(request, plan=replace(_plan("USD"), networks=networks))


def _uses() -> dict[str, AdjudicationRequest]:
    claim = _claim("USD", _line("USD", 1, "exam", "100.00"))
    uses = (ClaimUse.PREAUTHORIZATION, ClaimUse.PREDETERMINATION)
    return {use.value: _request(replace(claim, use=use)) for use in uses}


def _unknowns() -> dict[str, AdjudicationRequest]:
    claim = _claim("USD", _line("USD", 1, "exam", "100.00"), _three_tiers("USD", 2))
    request = _request(claim)
    unknown = {
        "no coverage": replace(request, coverage=None, plan=None, prices=()),
        "no plan": replace(request, plan=None, prices=()),
    }
    last = {
        f"{name}, last call": replace(asked, is_last_call=True) for name, asked in unknown.items()
    }
    return {**unknown, **last, "last call": replace(request, is_last_call=True)}


def _reissues() -> dict[str, AdjudicationRequest]:
    """Claims that were denied before, decided again in whole and in part."""
    request = _request(_claim("USD", *_unordered("USD")))
    paths: dict[str, tuple[Path, ...]] = {
        "decided again": (),
        "an item decided again": ((1,),),
        "two items decided again": ((1,), (3,)),
        "a detail decided again": ((3, 2),),
        "a sub-detail decided again": ((3, 2, 2),),
    }
    earlier = _denied(request.claim.lines)
    return {
        name: replace(request, reissue=Reissue(earlier, named)) for name, named in paths.items()
    }


def _authorized() -> dict[str, AdjudicationRequest]:
    """Claims that quote preauthorizations with much, little and nothing left."""
    exams = replace(_line("USD", 1, "exam", "40"), quantity=Decimal(4))
    exams = replace(exams, unit_price=Money(Decimal(10), "USD"))
    request = _request(_claim("USD", exams, _line("USD", 2, "exam", "12")))
    plan = _plan("USD")
    bound = replace(plan, benefits=(replace(plan.benefits[0], authorization_required=True),))
    left = {
        "much": _held("1000", "100"),
        "little": _held("7.50", "2.5"),
        "nothing": _held("0", "0"),
        "an amount alone": _held("20", None),
    }
    return {
        f"{quoted} authorized, {kind}": replace(request, plan=used, authorizations=(held,))
        for quoted, held in left.items()
        for kind, used in {"asked for": bound, "not asked for": plan}.items()
    }


def _held(amount: str, quantity: str | None) -> Authorization:
    units = None if quantity is None else Decimal(quantity)
    line = HeldLine((1,), frozenset({_service("exam").key}), Decimal(amount), units)
    return Authorization("preauthorization", "USD", (line,))


def _denied(lines: tuple[Line, ...]) -> Decided:
    """An earlier decision by which nothing was paid; its only note has not the first number."""
    decided = tuple(_denied_line(line) for line in lines)
    nothing, submitted = Money.zero("USD"), Money.zero("USD")
    for line in decided:
        submitted += line.amounts[0].money
    sums = {
        Category.SUBMITTED: submitted,
        Category.NONCOVERED: submitted,
        Category.BENEFIT: nothing,
        Category.PATIENT_SHARE: submitted,
    }
    totals = tuple(Amount(category, money) for category, money in sums.items())
    return Decided(decided, totals, "Nothing is payable.", (Note(3, "It was denied before."),))


def _denied_line(line: Line) -> DecidedLine:
    net = Money.zero("USD") + (line.net or Money.zero("USD"))
    reason = Coding(SERVICES, "denied")
    rows = (
        Amount(Category.SUBMITTED, net),
        Amount(Category.NONCOVERED, net, (reason,)),
        Amount(Category.BENEFIT, Money.zero("USD")),
    )
    return DecidedLine(line.path, rows, (3,), tuple(_denied_line(part) for part in line.lines))


def _service(code: str) -> Coding:
    return Coding(SERVICES, code)


def _line(currency: str, sequence: int, code: str, amount: str) -> Line:
    money = Money(Decimal(amount), currency)
    return Line(
        path=(sequence,),
        expression=f"Claim.item[{sequence - 1}]",
        services=(_service(code),),
        serviced=Days(_DAY, _DAY),
        unit_price=money,
        net=money,
    )


def _three_tiers(currency: str, sequence: int = 1) -> Line:
    """An item of 80 + (2 x 15 + 0.07 x 200) = 124."""
    item, at = _line(currency, sequence, "exam", "124"), f"Claim.item[{sequence - 1}]"
    first = replace(
        _line(currency, 1, "exam", "30"),
        path=(sequence, 2, 1),
        expression=f"{at}.detail[1].subDetail[0]",
        unit_price=Money(Decimal(15), currency),
        quantity=Decimal(2),
    )
    second = replace(
        _line(currency, 2, "fee", "14"),
        path=(sequence, 2, 2),
        expression=f"{at}.detail[1].subDetail[1]",
        unit_price=Money(Decimal(200), currency),
        factor=Decimal("0.07"),
    )
    leaf = replace(
        _line(currency, 1, "lab", "80"), path=(sequence, 1), expression=f"{at}.detail[0]"
    )
    group = replace(
        _line(currency, 2, "exam", "44"),
        path=(sequence, 2),
        expression=f"{at}.detail[1]",
        lines=(first, second),
    )
    return replace(item, lines=(leaf, group))


def _unordered(currency: str) -> tuple[Line, ...]:
    tiers = _three_tiers(currency, 3)
    return (
        replace(tiers, lines=tiers.lines[::-1]),
        _line(currency, 1, "exam", "55"),
        _line(currency, 2, "lab", "21"),
    )


def _many(currency: str) -> tuple[Line, ...]:
    codes = ("exam", "lab", "fee", "other")
    return tuple(
        _line(currency, sequence, codes[sequence % 4], str(sequence % 17))
        for sequence in range(1, 201)
    )


def _claim(currency: str, *lines: Line) -> Claim:
    nets = [line.net.amount for line in lines if line.net is not None]
    return Claim(
        use=ClaimUse.CLAIM,
        type=Coding("http://terminology.hl7.org/CodeSystem/claim-type", "oral"),
        created=Days(_DAY, _DAY),
        patient=Reference("Patient", "patient"),
        provider=Reference("Organization", "provider"),
        identifiers=(Identifier("https://example.org/fhir/sid/claim", "1"),),
        insurance=(Insurance(1, True, Reference("Coverage", "coverage")),),
        lines=lines,
        total=Money(sum(nets, Decimal(0)), currency),
    )


def _request(claim: Claim) -> AdjudicationRequest:
    currency = claim.total.currency if claim.total is not None else "USD"
    return AdjudicationRequest(
        claim=claim,
        received_on=date(2026, 3, 9),
        coverage=Coverage("member", "family", starts_on=date(2025, 1, 1)),
        plan=_plan(currency),
        prices=(
            Price(_service("exam"), Money(Decimal(9), currency)),
            Price(_service("lab"), Money(Decimal(11), currency)),
        ),
        counters={},
    )


def _plan(currency: str) -> Plan:
    shares = (
        CostShare(CostKind.COPAY, Decimal(5)),
        CostShare(CostKind.COINSURANCE, Decimal("33.3")),
    )
    return Plan(
        identifier="contract",
        version="1",
        currency=currency,
        deductible_individual=Decimal(20),
        out_of_pocket_individual=Decimal(150),
        benefits=(Benefit(Coding(PLAN, "general"), shares),),
    )

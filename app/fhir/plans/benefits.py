"""What a plan covers: its benefit categories with their limits.

http://hl7.org/fhir/R4/insuranceplan-definitions.html#InsurancePlan.coverage
"""

from collections.abc import Mapping

from app.domain.plan import Benefit, CostShare, Limit, LimitKind
from app.domain.restrictions import Frequency
from app.fhir.documents import Document, decimal_of, extension_of
from app.fhir.plans.extensions import AUTHORIZATION_REQUIRED, WAITING_PERIOD
from app.fhir.plans.reading import Reading, currency_of
from app.fhir.plans.service_limits import ServiceLimit, ServiceLimits, refuse_idle

_CODES: tuple[LimitKind | ServiceLimit, ...] = (*LimitKind, *ServiceLimit)

Shares = Mapping[str, tuple[CostShare, ...]]


def read_benefits(document: Document, shares: Shares, reading: Reading) -> tuple[Benefit, ...]:
    """Every category that a plan lists, in its order."""
    benefits: dict[str, Benefit] = {}
    for outer, coverage in enumerate(document.get("coverage", [])):
        for inner, entry in enumerate(coverage["benefit"]):
            here = f"InsurancePlan.coverage[{outer}].benefit[{inner}]"
            benefit = _benefit(entry, shares, here, reading)
            if benefit.category.key in benefits:
                reading.refuse(f"{here}.type", "The plan lists this category twice.")
            benefits[benefit.category.key] = benefit
    for key in shares:
        if key not in benefits:
            reading.refuse(
                "InsurancePlan.plan[0].specificCost",
                f"No coverage.benefit lists the category {key}, so its cost has no effect.",
            )
    _refuse_ambiguous(tuple(benefits.values()), reading)
    return tuple(benefits.values())


def _benefit(entry: Document, shares: Shares, here: str, reading: Reading) -> Benefit:
    category = reading.category(entry["type"], f"{here}.type")
    required = extension_of(entry, AUTHORIZATION_REQUIRED) or {}
    limits: list[Limit] = []
    of_services = ServiceLimits()
    for index, limit in enumerate(entry.get("limit", [])):
        where = f"{here}.limit[{index}]"
        code = reading.code(limit.get("code"), _CODES, f"{where}.code")
        if isinstance(code, ServiceLimit):
            of_services.read(code, limit, where, reading)
        else:
            limits += _limit(code, limit, where, reading)
    return Benefit(
        category=category,
        cost_shares=shares.get(category.key, ()),
        limits=tuple(limits),
        waiting_days=reading.days(entry, WAITING_PERIOD, here) or 0,
        authorization_required=required.get("valueBoolean", False),
        excluded=tuple(of_services.excluded),
        frequencies=tuple(of_services.frequencies),
        restrictions=tuple(of_services.restrictions),
    )


def _limit(kind: LimitKind | None, limit: Document, here: str, reading: Reading) -> list[Limit]:
    quantity = limit.get("value") or {}
    value = decimal_of(quantity)
    if value is None or value < 0:
        reading.refuse(f"{here}.value", "A limit needs a value that is not negative.")
    if value is None or kind is None:
        return []
    refuse_idle(limit, set(), here, reading)
    if kind in (LimitKind.AMOUNT_PER_YEAR, LimitKind.AMOUNT_PER_LIFETIME):
        reading.amount(value, currency_of(quantity), f"{here}.value")
    return [Limit(kind, value)]


def _refuse_ambiguous(benefits: tuple[Benefit, ...], reading: Reading) -> None:
    """Frequencies of one name count the same services by the same sites."""
    named: dict[str, Frequency] = {}
    for benefit in benefits:
        for each in benefit.frequencies:
            first = named.setdefault(each.name, each)
            keys = [{service.key for service in one.services} for one in (first, each)]
            if keys[0] != keys[1] or first.per is not each.per:
                text = f"Two frequencies named {each.name} count something else."
                reading.refuse("InsurancePlan.coverage.benefit.limit.id", text)

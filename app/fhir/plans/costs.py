"""What members bear under a plan: deductibles, maxima, and the cost shares of each category.

http://hl7.org/fhir/R4/insuranceplan-definitions.html#InsurancePlan.plan
"""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any

from app.domain.plan import CostKind, CostShare
from app.fhir.documents import Document, codings_of, decimal_of, money_of
from app.fhir.plans.reading import Reading, currency_of

_APPLICABILITY = "http://terminology.hl7.org/CodeSystem/applicability"
_NETWORKS = {"in-network": True, "out-of-network": False}


class GeneralCost(StrEnum):
    """The types of InsurancePlan.plan.generalCost."""

    DEDUCTIBLE_INDIVIDUAL = "deductible-individual"
    DEDUCTIBLE_FAMILY = "deductible-family"
    OUT_OF_POCKET_INDIVIDUAL = "out-of-pocket-individual"
    OUT_OF_POCKET_FAMILY = "out-of-pocket-family"
    AMOUNT_PER_YEAR = "amount-per-year"


def read_general_costs(plan: Document, reading: Reading) -> dict[GeneralCost, Decimal]:
    """The figures of the whole plan."""
    costs: dict[GeneralCost, Decimal] = {}
    for index, entry in enumerate(plan.get("generalCost", [])):
        here = f"InsurancePlan.plan[0].generalCost[{index}]"
        type_ = reading.code(entry.get("type"), GeneralCost, f"{here}.type")
        cost = money_of(entry.get("cost"))
        if cost is None:
            reading.refuse(f"{here}.cost", "The cost needs an amount.")
        elif type_ in costs:
            reading.refuse(f"{here}.type", f"The plan has a second {type_}.")
        elif type_ is not None:
            costs[type_] = reading.amount(cost.amount, cost.currency, f"{here}.cost")
    return costs


def read_specific_costs(plan: Document, reading: Reading) -> dict[str, tuple[CostShare, ...]]:
    """The cost shares of each benefit category, by the category's key."""
    shares: dict[str, tuple[CostShare, ...]] = {}
    for index, entry in enumerate(plan.get("specificCost", [])):
        here = f"InsurancePlan.plan[0].specificCost[{index}]"
        category = reading.category(entry["category"], f"{here}.category")
        if category.key in shares:
            reading.refuse(f"{here}.category", "The category has a second specificCost.")
        benefits = entry.get("benefit", [])
        if len(benefits) > 1:
            reading.refuse(f"{here}.benefit[1]", "A specificCost has one benefit.")
        for benefit in benefits[:1]:
            if category not in codings_of(benefit["type"]):
                reading.refuse(f"{here}.benefit[0].type", "The type repeats the category.")
        costs = benefits[0].get("cost", []) if benefits else []
        shares[category.key] = _cost_shares(costs, f"{here}.benefit[0]", reading)
    return shares


def _cost_shares(costs: list[Document], where: str, reading: Reading) -> tuple[CostShare, ...]:
    shares: list[CostShare] = []
    for index, cost in enumerate(costs):
        here = f"{where}.cost[{index}]"
        share = _cost_share(cost, here, reading)
        if share is None:
            continue
        same = [each for each in shares if each.kind is share.kind]
        networks = {each.in_network for each in same}
        if same and (share.in_network in networks or None in {*networks, share.in_network}):
            reading.refuse(here, f"A second {share.kind} applies to the same providers.")
        shares.append(share)
    return tuple(shares)


def _cost_share(cost: Document, here: str, reading: Reading) -> CostShare | None:
    kind = reading.code(cost["type"], CostKind, f"{here}.type")
    network = _network(cost.get("applicability"), f"{here}.applicability", reading)
    quantity = cost.get("value") or {}
    value = decimal_of(quantity)
    if value is None or kind is None:
        if value is None:
            reading.refuse(f"{here}.value", "The cost needs a value.")
        return None
    if kind is CostKind.COPAY:
        value = reading.amount(value, currency_of(quantity), f"{here}.value")
    if kind is CostKind.COINSURANCE and not _is_percent(quantity, value):
        reading.refuse(f"{here}.value", "A coinsurance is a percentage from 0 to 100.")
    if kind is CostKind.DEDUCTIBLE and value != 0:
        reading.refuse(f"{here}.value", "The deductible of a category is 0: it does not apply.")
    return CostShare(kind, value, network)


def _network(concept: Document | None, here: str, reading: Reading) -> bool | None:
    if concept is None:
        return None
    for coding in codings_of(concept):
        if coding.system == _APPLICABILITY and coding.code in _NETWORKS:
            return _NETWORKS[coding.code]
    reading.refuse(here, "The applicability is in-network or out-of-network.")
    return None


def _is_percent(quantity: Mapping[str, Any], value: Decimal) -> bool:
    unit = quantity.get("code", quantity.get("unit", "%"))
    return unit == "%" and 0 <= value <= 100

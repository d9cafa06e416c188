"""Reading an InsurancePlan after the plan profile.

What is not understood is refused, never passed over: a rule that a payer wrote and that nobody
applies would pay wrongly without a word.
http://hl7.org/fhir/R4/insuranceplan.html
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum
from typing import Any, TypeVar

from app.domain.canonical import PLAN, extension
from app.domain.claims import Days
from app.domain.codes import Coding
from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.domain.plan import Benefit, Coordination, CostKind, CostShare, Limit, LimitKind, Plan
from app.fhir.documents import (
    Document,
    codings_of,
    days_of,
    decimal_of,
    extension_of,
    identifiers_of,
    money_of,
)
from app.fhir.networks import read_networks

AUTHORIZATION_REQUIRED = extension("authorization-required")
WAITING_PERIOD = extension("waiting-period")
TIMELY_FILING = extension("timely-filing")
COORDINATION = extension("coordination")

_APPLICABILITY = "http://terminology.hl7.org/CodeSystem/applicability"
_CURRENCIES = "urn:iso:std:iso:4217"
_NETWORKS = {"in-network": True, "out-of-network": False}

# UCUM's mean month and Julian year, so that 12 mo is 1 a; what is left of a day is dropped.
# http://unitsofmeasure.org/ucum
_DAYS = {
    "d": Decimal(1),
    "wk": Decimal(7),
    "mo": Decimal("30.4375"),
    "a": Decimal("365.25"),
}


class GeneralCost(StrEnum):
    """The types of InsurancePlan.plan.generalCost."""

    DEDUCTIBLE_INDIVIDUAL = "deductible-individual"
    DEDUCTIBLE_FAMILY = "deductible-family"
    OUT_OF_POCKET_INDIVIDUAL = "out-of-pocket-individual"
    OUT_OF_POCKET_FAMILY = "out-of-pocket-family"
    AMOUNT_PER_YEAR = "amount-per-year"


_Code = TypeVar("_Code", bound=StrEnum)


def read_plan(document: Document, base: str = "") -> Plan:
    """Read an InsurancePlan; raises Unacceptable with everything that the profile does not know.

    Networks named by an address under `base` are the payer's own Organizations.

    `version` is a digest of the content, without `meta` and `text`. Durations become whole days:
    a week is 7, a month 30.4375, a year 365.25 of them, rounded down.
    """
    reading = _Reading()
    plan = reading.plan(document)
    networks = read_networks(document, base, reading.refuse)
    if reading.issues:
        raise Unacceptable(*reading.issues)
    return replace(plan, networks=networks)


@dataclass(slots=True)
class _Reading:
    """One plan being read: what was found wrong, and the one currency it may speak in."""

    issues: list[Issue] = field(default_factory=list)
    currency: str | None = None

    def refuse(self, expression: str, text: str) -> None:
        self.issues.append(Issue(ErrorCode.PLAN_PROFILE, text, expression))

    def plan(self, document: Document) -> Plan:
        identifiers = identifiers_of(document)
        if not identifiers:
            self.refuse("InsurancePlan.identifier", "A Coverage names a plan by its identifier.")
        period = days_of(document.get("period")) or Days(None, None)
        plans = document.get("plan", [])
        if len(plans) > 1:
            self.refuse("InsurancePlan.plan[1]", "An InsurancePlan has one plan entry.")
        costs = self.general_costs(plans[0] if plans else {})
        shares = self.specific_costs(plans[0] if plans else {})
        benefits = self.benefits(document, shares)
        filing = self.days(document, TIMELY_FILING, "InsurancePlan")
        return Plan(
            identifier=identifiers[0].value if identifiers else "",
            version=_digest(document),
            currency=self.currency,
            starts_on=period.first,
            ends_on=period.last,
            deductible_individual=costs.get(GeneralCost.DEDUCTIBLE_INDIVIDUAL),
            deductible_family=costs.get(GeneralCost.DEDUCTIBLE_FAMILY),
            out_of_pocket_individual=costs.get(GeneralCost.OUT_OF_POCKET_INDIVIDUAL),
            out_of_pocket_family=costs.get(GeneralCost.OUT_OF_POCKET_FAMILY),
            amount_per_year=costs.get(GeneralCost.AMOUNT_PER_YEAR),
            timely_filing_days=filing,
            benefits=benefits,
            coordination=self.coordination(document),
        )

    def general_costs(self, plan: Document) -> dict[GeneralCost, Decimal]:
        costs: dict[GeneralCost, Decimal] = {}
        for index, entry in enumerate(plan.get("generalCost", [])):
            here = f"InsurancePlan.plan[0].generalCost[{index}]"
            type_ = self.code(entry.get("type"), GeneralCost, f"{here}.type")
            cost = money_of(entry.get("cost"))
            if cost is None:
                self.refuse(f"{here}.cost", "The cost needs an amount.")
            elif type_ in costs:
                self.refuse(f"{here}.type", f"The plan has a second {type_}.")
            elif type_ is not None:
                costs[type_] = self.amount(cost.amount, cost.currency, f"{here}.cost")
        return costs

    def specific_costs(self, plan: Document) -> dict[str, tuple[CostShare, ...]]:
        """The cost shares of each benefit category, by the category's key."""
        shares: dict[str, tuple[CostShare, ...]] = {}
        for index, entry in enumerate(plan.get("specificCost", [])):
            here = f"InsurancePlan.plan[0].specificCost[{index}]"
            category = self.category(entry["category"], f"{here}.category")
            if category.key in shares:
                self.refuse(f"{here}.category", "The category has a second specificCost.")
            benefits = entry.get("benefit", [])
            if len(benefits) > 1:
                self.refuse(f"{here}.benefit[1]", "A specificCost has one benefit.")
            for benefit in benefits[:1]:
                if category not in codings_of(benefit["type"]):
                    self.refuse(f"{here}.benefit[0].type", "The type repeats the category.")
            costs = benefits[0].get("cost", []) if benefits else []
            shares[category.key] = self.cost_shares(costs, f"{here}.benefit[0]")
        return shares

    def cost_shares(self, costs: list[Document], where: str) -> tuple[CostShare, ...]:
        shares: list[CostShare] = []
        for index, cost in enumerate(costs):
            here = f"{where}.cost[{index}]"
            share = self.cost_share(cost, here)
            if share is None:
                continue
            same = [each for each in shares if each.kind is share.kind]
            networks = {each.in_network for each in same}
            if same and (share.in_network in networks or None in {*networks, share.in_network}):
                self.refuse(here, f"A second {share.kind} applies to the same providers.")
            shares.append(share)
        return tuple(shares)

    def cost_share(self, cost: Document, here: str) -> CostShare | None:
        kind = self.code(cost["type"], CostKind, f"{here}.type")
        network = self.network(cost.get("applicability"), f"{here}.applicability")
        quantity = cost.get("value") or {}
        value = decimal_of(quantity)
        if value is None or kind is None:
            if value is None:
                self.refuse(f"{here}.value", "The cost needs a value.")
            return None
        if kind is CostKind.COPAY:
            value = self.amount(value, _currency(quantity), f"{here}.value")
        if kind is CostKind.COINSURANCE and not _is_percent(quantity, value):
            self.refuse(f"{here}.value", "A coinsurance is a percentage from 0 to 100.")
        if kind is CostKind.DEDUCTIBLE and value != 0:
            self.refuse(f"{here}.value", "The deductible of a category is 0: it does not apply.")
        return CostShare(kind, value, network)

    def network(self, concept: Document | None, here: str) -> bool | None:
        if concept is None:
            return None
        for coding in codings_of(concept):
            if coding.system == _APPLICABILITY and coding.code in _NETWORKS:
                return _NETWORKS[coding.code]
        self.refuse(here, "The applicability is in-network or out-of-network.")
        return None

    def benefits(
        self, document: Document, shares: Mapping[str, tuple[CostShare, ...]]
    ) -> tuple[Benefit, ...]:
        benefits: dict[str, Benefit] = {}
        for outer, coverage in enumerate(document.get("coverage", [])):
            for inner, entry in enumerate(coverage["benefit"]):
                here = f"InsurancePlan.coverage[{outer}].benefit[{inner}]"
                benefit = self.benefit(entry, shares, here)
                if benefit.category.key in benefits:
                    self.refuse(f"{here}.type", "The plan lists this category twice.")
                benefits[benefit.category.key] = benefit
        for key in shares:
            if key not in benefits:
                self.refuse(
                    "InsurancePlan.plan[0].specificCost",
                    f"No coverage.benefit lists the category {key}, so its cost has no effect.",
                )
        return tuple(benefits.values())

    def benefit(
        self, entry: Document, shares: Mapping[str, tuple[CostShare, ...]], here: str
    ) -> Benefit:
        category = self.category(entry["type"], f"{here}.type")
        required = extension_of(entry, AUTHORIZATION_REQUIRED) or {}
        limits = (
            self.limit(limit, f"{here}.limit[{index}]")
            for index, limit in enumerate(entry.get("limit", []))
        )
        return Benefit(
            category=category,
            cost_shares=shares.get(category.key, ()),
            limits=tuple(limit for limit in limits if limit is not None),
            waiting_days=self.days(entry, WAITING_PERIOD, here) or 0,
            authorization_required=required.get("valueBoolean", False),
        )

    def limit(self, limit: Document, here: str) -> Limit | None:
        kind = self.code(limit.get("code"), LimitKind, f"{here}.code")
        quantity = limit.get("value") or {}
        value = decimal_of(quantity)
        if value is None or value < 0:
            self.refuse(f"{here}.value", "A limit needs a value that is not negative.")
        if value is None or kind is None:
            return None
        if kind in (LimitKind.AMOUNT_PER_YEAR, LimitKind.AMOUNT_PER_LIFETIME):
            self.amount(value, _currency(quantity), f"{here}.value")
        return Limit(kind, value)

    def coordination(self, document: Document) -> Coordination:
        code = (extension_of(document, COORDINATION) or {}).get("valueCode", "standard")
        if code in Coordination.__members__.values():
            return Coordination(code)
        here = f"InsurancePlan.extension('{COORDINATION}')"
        self.refuse(here, f"Expected one of {', '.join(Coordination)}, got {code!r}.")
        return Coordination.STANDARD

    def category(self, concept: Document, here: str) -> Coding:
        codings = codings_of(concept)
        if len(codings) != 1:
            self.refuse(here, "A benefit category is exactly one coding.")
        return codings[0] if codings else Coding(None, "")

    def code(self, concept: Document | None, known: type[_Code], here: str) -> _Code | None:
        codings = codings_of(concept)
        for coding in codings:
            if coding.system in (PLAN, None) and coding.code in known.__members__.values():
                return known(coding.code)
        said = ", ".join(coding.key for coding in codings) or "nothing"
        self.refuse(here, f"Expected one of {', '.join(known)} of {PLAN}, got {said}.")
        return None

    def amount(self, value: Decimal, currency: str | None, here: str) -> Decimal:
        self.currency = self.currency or currency
        if currency is None or currency != self.currency:
            self.refuse(here, f"A plan has one currency: {self.currency}, not {currency}.")
        if value < 0:
            self.refuse(here, "An amount of a plan is not negative.")
        return value

    def days(self, element: Document, url: str, here: str) -> int | None:
        found = extension_of(element, url)
        if found is None:
            return None
        duration = found.get("valueDuration") or {}
        value, unit = decimal_of(duration), duration.get("code")
        if value is None or value < 0 or unit not in _DAYS:
            self.refuse(f"{here}.extension('{url}')", f"A Duration in {', '.join(_DAYS)} is asked.")
            return None
        return int((value * _DAYS[unit]).to_integral_value(ROUND_FLOOR))


def _currency(quantity: Mapping[str, Any]) -> str | None:
    """The ISO 4217 code of money written as Quantity: its code in that system, else its unit."""
    if quantity.get("system", _CURRENCIES) != _CURRENCIES:
        return None
    code: str | None = quantity.get("code", quantity.get("unit"))
    return code if code and re.fullmatch("[A-Z]{3}", code) else None


def _is_percent(quantity: Mapping[str, Any], value: Decimal) -> bool:
    unit = quantity.get("code", quantity.get("unit", "%"))
    return unit == "%" and 0 <= value <= 100


def _digest(document: Document) -> str:
    content = {name: value for name, value in document.items() if name not in ("meta", "text")}
    text = json.dumps(content, sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()

"""Families insured under the shipped plans, in two currencies, and what their services cost."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

from app.cli.shipped_plans import files_of
from app.domain.parties import Payer, Scope
from app.fhir import json_text
from app.gateway.administering.reference_data import in_lock_order, keep
from app.gateway.installation import Installation
from tests.builders import COVERAGE_SYSTEM, a_coverage, identifier

MEMBERS_OF_A_FAMILY = 3
_CLASSES = "http://terminology.hl7.org/CodeSystem/coverage-class"
_OF_A_PLAN = {"InsurancePlan", "ChargeItemDefinition"}
# What waits for an attachment is another test's; here everything is to be decided.
_LEFT_OUT = {"79931"}
_FEE_OF_WHAT_HAS_NONE = Decimal("30.00")


@dataclass(frozen=True)
class Service:
    """One service of a price list."""

    system: str
    code: str
    fee: Decimal
    category: str


@dataclass(frozen=True)
class Market:
    """A plan as it is sold: its price list in its currency, and the type of its Claims."""

    plan: str
    currency: str
    type: str
    services: tuple[Service, ...]

    def of(self, *categories: str) -> tuple[Service, ...]:
        """The services of some categories, by the last part of their codes."""
        return tuple(one for one in self.services if one.category.endswith(categories))


@dataclass(frozen=True)
class Insured:
    """One member: the number on the card, which is the Coverage's id, and the family."""

    number: str
    subscriber: str
    market: Market

    @property
    def family(self) -> str:
        """Under what the family's counters are kept."""
        return f"{self.market.plan}|{self.subscriber}"


def opened(installation: Installation, payer: Payer) -> tuple[Market, ...]:
    """Load the plans: dental and medical as they are shipped, and a dental one in KWD."""
    dental, medical = _shipped("dental"), _shipped("medical")
    abroad = [_abroad(one) for one in dental if one["resourceType"] in _OF_A_PLAN]
    _load([*dental, *medical, *abroad], installation, payer)
    return (
        Market("example-dental", "USD", "oral", tuple(_services(dental))),
        Market("example-medical", "USD", "professional", tuple(_services(medical))),
        Market("abroad-dental", "KWD", "oral", tuple(_services(abroad))),
    )


def insured(
    markets: tuple[Market, ...], families: int, installation: Installation, payer: Payer
) -> list[Insured]:
    """The members of new families; the plans take turns. All have long been insured."""
    members = [
        Insured(f"M{family}-{nth}", f"S{family}", markets[family % len(markets)])
        for family in range(families)
        for nth in range(MEMBERS_OF_A_FAMILY)
    ]
    kind = {"coding": [{"system": _CLASSES, "code": "plan"}]}
    coverages = [
        a_coverage(
            one.number,
            id=one.number,
            identifier=[identifier(COVERAGE_SYSTEM, one.number)],
            subscriberId=one.subscriber,
            dependent=one.number,
            beneficiary={"display": one.number},
            **{"class": [{"type": kind, "value": one.market.plan}]},
        )
        for one in members
    ]
    _load(coverages, installation, payer)
    return members


def fair(random: Random, fee: Decimal) -> Decimal:
    """What somebody asks for a service: below, at, or above the fee."""
    return fee * Decimal(random.choice(["0.8", "0.95", "1", "1.1", "1.25"]))


def _shipped(name: str) -> list[dict[str, Any]]:
    documents = [json_text.parsed(file.read_text()) for file in files_of(name)]
    entries = (each.get("entry", [{"resource": each}]) for each in documents)
    return [entry["resource"] for inside in entries for entry in inside]


def _abroad(document: dict[str, Any]) -> dict[str, Any]:
    """The same resource for another country: its currency, and names of its own."""
    text = json_text.write(document).replace('"USD"', '"KWD"').replace('"example-', '"abroad-')
    text = text.replace("Organization/abroad-", "Organization/example-")
    text = text.replace('"standard"', '"carve-out"').replace("/price/", "/abroad/")
    abroad: dict[str, Any] = json_text.parsed(text)
    return abroad


def _services(documents: list[dict[str, Any]]) -> Iterator[Service]:
    for one in documents:
        if one["resourceType"] == "ChargeItemDefinition":
            [category] = one["extension"][0]["valueCodeableConcept"]["coding"]
            key = f"{category['system']}|{category['code']}"
            for coding in one["code"]["coding"]:
                if "system" in coding and coding["code"] not in _LEFT_OUT:
                    yield Service(coding["system"], coding["code"], _fee(one), key)


def _fee(document: dict[str, Any]) -> Decimal:
    for group in document.get("propertyGroup", []):
        amount: Decimal = group["priceComponent"][0]["amount"]["value"]
        return amount
    return _FEE_OF_WHAT_HAS_NONE


def _load(documents: list[dict[str, Any]], installation: Installation, payer: Payer) -> None:
    ordered = in_lock_order(documents, lambda one: one)

    def effect(work: Any) -> None:
        for one in ordered:
            keep(one, json_text.write(one), "load", work)

    installation.write(Scope(payer.id), effect)

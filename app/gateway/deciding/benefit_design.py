"""The plan behind a Coverage and the prices of services, from what the payer keeps.

Docs: docs/reference-data.md, "The plan profile".
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache

from app.domain.claims import Line
from app.domain.codes import Coding
from app.domain.parties import Payer
from app.domain.plan import Plan, Price
from app.fhir import json_text
from app.fhir.business.coverages import plan_identifier
from app.fhir.business.prices import read_prices
from app.fhir.documents import Document
from app.fhir.plans import read_plan
from app.gateway.administering.reference_data import plan_key, service_key
from app.store.unit_of_work import UnitOfWork


def plan_of(policy: Document | None, payer: Payer, base: str, work: UnitOfWork) -> Plan | None:
    """The plan that the Coverage names, else the payer's default plan.

    None where there is none, or several, or where its status is not `active`.
    """
    named = plan_identifier(policy) if policy else None
    wanted = named or payer.settings.default_plan
    if policy is None or wanted is None:
        return None
    found = work.reference_data.identified(("InsurancePlan",), plan_key(wanted))
    if len(found) != 1:
        return None
    stored = work.reference_data.find(*found[0])
    return None if stored is None or stored.text is None else _plan_in(stored.text, base)


def prices_of(lines: Iterable[Line], work: UnitOfWork) -> tuple[Price, ...]:
    """What the payer keeps of the services of these lines and of the lines below them."""
    keys = {service_key(coding) for coding in _services(lines)}
    found = work.reference_data.identified(("ChargeItemDefinition",), *keys)
    stored = work.reference_data.find_all("ChargeItemDefinition", {id for _, id in found})
    return tuple(price for each in stored if each.text for price in _prices_in(each.text))


# Many Claims are decided under few plans and prices, which are read once for each text of theirs.
@lru_cache(maxsize=64)
def _plan_in(text: str, base: str) -> Plan | None:
    document = json_text.parsed(text)
    return read_plan(document, base) if document.get("status") == "active" else None


@lru_cache(maxsize=1024)
def _prices_in(text: str) -> tuple[Price, ...]:
    return read_prices(json_text.parsed(text))


def _services(lines: Iterable[Line]) -> Iterator[Coding]:
    for line in lines:
        for coding in line.services:
            yield Coding(coding.system, coding.code)
        yield from _services(line.lines)

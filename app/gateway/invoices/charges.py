"""What the price of a ChargeItem depends on: its definitions, its patient, its day.

Docs: docs/invoices.md.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import tzinfo

from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.domain.pricing import Charge
from app.fhir import json_text
from app.fhir.business.charge_conditions import Circumstances, day_of
from app.fhir.business.charge_items import charge_of, definitions_of, services_of
from app.fhir.documents import Document, contained, reference_of
from app.fhir.search.reading import read_query
from app.gateway.administering.reference_data import service_key
from app.store.resources import Stored
from app.store.unit_of_work import UnitOfWork

# So many rules are looked at under one address, and so many addresses and codes of one charge: all
# of them are looked up while others wait.
_MOST_RULES = 20
_MOST_NAMES = 20


@dataclass(slots=True)
class Pricing:
    """Finds what charges are priced by, each once; `zone` tells what day it is."""

    work: UnitOfWork
    zone: tzinfo
    _definitions: dict[str, list[Document]] = field(default_factory=dict)
    _patients: dict[str, Document | None] = field(default_factory=dict)

    def charge(self, stored: Stored, charge_item: Document) -> Charge:
        """The ChargeItem with the rules that apply to it; raises Unacceptable where unclear."""
        on = day_of(charge_item, self.work.now.astimezone(self.zone).date())
        seen = Circumstances(charge_item, self._patient(charge_item), on)
        unique = {each["id"]: each for each in self._rules(charge_item)}
        return charge_of(charge_item, stored.reference, list(unique.values()), seen)

    def _rules(self, charge_item: Document) -> Iterator[Document]:
        """Those it names itself before those of its codes; of one code in the order of ids."""
        addresses, codings = definitions_of(charge_item), services_of(charge_item)
        if len(addresses) + len(codings) > _MOST_NAMES:
            text = f"A ChargeItem has more than {_MOST_NAMES} definitions and codes together."
            raise Unacceptable(Issue(ErrorCode.INVOICE_PRICE, text))
        for address in addresses:
            yield from self._named(address)
        for coding in codings:
            key = service_key(coding)
            if key.key not in self._definitions:
                found = self.work.reference_data.identified(("ChargeItemDefinition",), key)
                ids = {id for _, id in found}
                stored = self.work.reference_data.find_all("ChargeItemDefinition", ids)
                self._definitions[key.key] = _documents(stored)
            yield from self._definitions[key.key]

    def _named(self, address: str) -> list[Document]:
        if address not in self._definitions:
            url, _, version = address.partition("|")
            pairs = [("url", _literal(url)), *([("version", _literal(version))] if version else [])]
            if not url:
                return []
            work = self.work
            query = read_query("ChargeItemDefinition", pairs, base=work.base, now=work.now)
            page = work.within(work.scope.unlimited).search.page(query.search, _MOST_RULES)
            self._definitions[address] = _documents([stored for stored, _ in page.found])
        return self._definitions[address]

    def _patient(self, charge_item: Document) -> Document | None:
        subject = charge_item["subject"]
        within = contained(charge_item, subject)
        if within is not None:
            return within if within["resourceType"] == "Patient" else None
        reference = reference_of(subject, self.work.base)
        if reference.type != "Patient" or reference.id is None:
            return None
        if reference.id not in self._patients:
            found = self.work.resources.find("Patient", reference.id)
            self._patients[reference.id] = next(iter(_documents([found] if found else [])), None)
        return self._patients[reference.id]


def _literal(value: str) -> str:
    """A value of a search with nothing in it that means anything."""
    for sign in "\\,|$":
        value = value.replace(sign, f"\\{sign}")
    return value


def _documents(stored: list[Stored]) -> list[Document]:
    return [json_text.parsed(each.text) for each in stored if each.text is not None]

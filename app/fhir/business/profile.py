"""What a payer may write in a plan or a price: what nobody would apply is refused, with its place.

The readers of plans and prices look at what they know; this looks at everything else. It is asked
when a plan or a price is loaded, so that one that is kept already is read as it was.
Docs: docs/reference-data.md, "What is refused".
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from app.domain.canonical import extension
from app.domain.issues import ErrorCode, Issue
from app.fhir.business.prices import groups_for_claims
from app.fhir.documents import Document, money_of
from app.fhir.offer.structure_definitions import EXTENSIONS
from app.fhir.plans import LIMIT_SERVICE

_OURS = extension("")
_UCUM = "http://unitsofmeasure.org"
_DEFINED = {each.url: each for each in EXTENSIONS}
_REPEATED = frozenset({LIMIT_SERVICE})

_COUNT = "visits, units and frequencies are numbers without a unit"
_ALL = "a cost applies to all of a category"
_BY_PLAN = "a plan has one network for all it covers, InsurancePlan.network"
# What R4 has room for and no rule looks at, by its place without the indexes, and why.
_UNAPPLIED = {
    "InsurancePlan.coverage.network": _BY_PLAN,
    "InsurancePlan.plan.network": _BY_PLAN,
    "InsurancePlan.plan.generalCost.groupSize": "a cost is of one member or of the family, by type",
    "InsurancePlan.plan.specificCost.benefit.cost.qualifiers": _ALL,
}
_COUNTED = frozenset({"visits-per-year", "units-per-claim", "frequency"})
_MODIFYING = {"surcharge", "deduction", "discount"}

_Place = tuple[str, str, Any]


def unknown_extensions(document: Document) -> list[Issue]:
    """One issue for each of our extensions that has no effect where or as it stands.

    Where one may stand, and what its value is, is what its StructureDefinition says.
    """
    found: list[Issue] = []
    for where, name, value in _elements(document, document["resourceType"]):
        if name in ("extension", "modifierExtension"):
            found += _of_extensions(where, name, value)
    return found


def unapplied(document: Document) -> list[Issue]:
    """One issue for each element that says something of money and that no rule looks at."""
    found: list[Issue] = []
    for where, name, value in _elements(document, document["resourceType"]):
        why = _UNAPPLIED.get(_without_indexes(where))
        if why is not None:
            found.append(_issue(where, f"It would have no effect: {why}."))
        if name == "comparator" and document["resourceType"] == "InsurancePlan":
            found.append(_issue(where, "A figure of a plan is exact, without a comparator."))
        if _without_indexes(where) == "InsurancePlan.coverage.benefit.limit":
            found += _of_limits(where, value)
    if document["resourceType"] == "InsurancePlan" and "status" not in document:
        text = "Only an active plan is in force: a plan says its status."
        found.append(_issue("InsurancePlan.status", text))
    if document["resourceType"] == "ChargeItemDefinition":
        found += _of_price(document)
    return found


def _of_extensions(where: str, name: str, extensions: list[Document]) -> Iterator[Issue]:
    urls: list[str] = []
    stands_on = _without_indexes(where).removesuffix(f".{name}")
    for index, each in enumerate(extensions):
        url, here = each["url"], f"{where}[{index}]"
        if name == "modifierExtension":
            yield _issue(here, f"No modifierExtension is understood, {url} neither.")
        elif url.startswith(_OURS):
            why = _why_idle(each, stands_on)
            if why is None and url in urls and url not in _REPEATED:
                why = f"{url} may be given once."
            if why is not None:
                yield _issue(here, why)
        urls.append(url)


def _why_idle(extension: Document, stands_on: str) -> str | None:
    url = extension["url"]
    defined = _DEFINED.get(url)
    if defined is None:
        return f"The profile defines no extension {url}."
    if stands_on not in defined.contexts:
        return f"{url} has no effect here; it stands on {' or '.join(defined.contexts)}."
    name = f"value{defined.type[0].upper()}{defined.type[1:]}"
    if name not in extension:
        return f"The value of {url} is a {name}."
    if defined.type == "Duration" and extension[name].get("system", _UCUM) != _UCUM:
        return f"The unit of {url} is one of {_UCUM}."
    return None


def _of_limits(where: str, limits: list[Document]) -> Iterator[Issue]:
    for index, limit in enumerate(limits):
        codes = {each.get("code") for each in limit.get("code", {}).get("coding", [])}
        value = limit.get("value", {})
        has_unit = value.get("code", "1") != "1" or ("unit" in value and "code" not in value)
        if has_unit and codes & _COUNTED:
            yield _issue(f"{where}[{index}].value", f"It would have no effect: {_COUNT}.")


def _of_price(document: Document) -> Iterator[Issue]:
    for where, group in groups_for_claims(document):
        for index, component in enumerate(group["priceComponent"]):
            here = f"{where}.priceComponent[{index}]"
            type_, fee = component.get("type"), money_of(component.get("amount"))
            if type_ in _MODIFYING:
                text = f"No {type_} is applied to Claims: the base price is what is agreed."
                yield _issue(here, f"{text} Under a condition on %context it is for invoices.")
            elif type_ == "base" and component.get("factor", 1) != 1:
                yield _issue(f"{here}.factor", "The base price for Claims is an amount alone.")
            elif type_ == "base" and fee is not None and not component["amount"].get("currency"):
                yield _issue(f"{here}.amount", "A base price names its currency.")


def _elements(value: Any, where: str) -> Iterator[_Place]:
    """Every element that is below one, with its place and its name."""
    if isinstance(value, list):
        for index, each in enumerate(value):
            yield from _elements(each, f"{where}[{index}]")
    if isinstance(value, Mapping):
        for name, each in value.items():
            here = f"{where}.{name}"
            yield here, name, each
            yield from _elements(each, here)


def _without_indexes(where: str) -> str:
    return re.sub(r"\[[0-9]+]", "", where)


def _issue(where: str, text: str) -> Issue:
    return Issue(ErrorCode.PLAN_PROFILE, text, where)

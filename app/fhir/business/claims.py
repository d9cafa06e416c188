"""Reading a Claim into what intake checks and adjudicators decide on.

http://hl7.org/fhir/R4/claim.html
"""

from collections.abc import Mapping
from typing import Any

from app.domain.claims import Claim, Insurance, Line
from app.domain.codes import ClaimUse, Coding
from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.domain.money import Money
from app.fhir.documents import (
    Document,
    codings_of,
    days_in,
    days_of,
    decimal_of,
    exact,
    extension_of,
    identifiers_of,
    money_of,
    resolved,
)

_PRIORITIES = ("stat", "normal", "deferred")
_TIERS = ("item", "detail", "subDetail")

# R4 has no tax on a line; senders use the cross-version extensions of R5's elements.
# http://hl7.org/fhir/R4/versions.html#extensions
_TAX = tuple(
    f"http://hl7.org/fhir/5.0/StructureDefinition/extension-Claim.{path}.tax"
    for path in ("item", "item.detail", "item.detail.subDetail")
)


def read_claim(document: Document, base: str) -> Claim:
    """Read a Claim that is valid R4.

    R4 lets an extension stand for a mandatory value. Where adjudication needs the value itself,
    Unacceptable is raised for the first that is missing.
    """
    insurer = document.get("insurer")
    return Claim(
        use=ClaimUse(_given(document, "use", "Claim")),
        type=next(iter(codings_of(document["type"])), None),
        created=days_in(_given(document, "created", "Claim")),
        patient=resolved(document, document["patient"], base),
        provider=resolved(document, document["provider"], base),
        identifiers=identifiers_of(document),
        priority=priority_of(document["priority"]),
        insurer=resolved(document, insurer, base) if insurer else None,
        billable=days_of(document.get("billablePeriod")),
        insurance=_insurances(document, base),
        care_team=_sequences(document, "careTeam"),
        diagnoses=_sequences(document, "diagnosis"),
        procedures=_sequences(document, "procedure"),
        information=_sequences(document, "supportingInfo"),
        lines=_lines(document, (), "Claim"),
        total=money_of(document.get("total")),
        attachments=_attachments(document),
    )


def priority_of(concept: Mapping[str, Any]) -> str:
    """The first coding that is a processing priority; HL7's own examples leave the system out."""
    codes = (coding.code for coding in codings_of(concept))
    return next((code for code in codes if code in _PRIORITIES), "normal")


def _insurances(document: Document, base: str) -> tuple[Insurance, ...]:
    return tuple(
        Insurance(
            sequence=_given(entry, "sequence", f"Claim.insurance[{index}]"),
            focal=_given(entry, "focal", f"Claim.insurance[{index}]"),
            coverage=resolved(document, entry["coverage"], base),
            preauthorizations=_values(entry, "preAuthRef"),
            claim_response=(
                resolved(document, entry["claimResponse"], base)
                if "claimResponse" in entry
                else None
            ),
        )
        for index, entry in enumerate(document["insurance"])
    )


def _sequences(document: Document, name: str) -> tuple[int, ...]:
    return tuple(
        _given(each, "sequence", f"Claim.{name}[{index}]")
        for index, each in enumerate(document.get(name, []))
    )


def _attachments(document: Document) -> tuple[int, ...]:
    return tuple(
        each["sequence"]
        for each in document.get("supportingInfo", [])
        if "valueAttachment" in each or "valueReference" in each
    )


def _lines(parent: Document, path: tuple[int, ...], expression: str) -> tuple[Line, ...]:
    """The lines one tier below `parent`, which is the Claim, an item or a detail."""
    if len(path) == len(_TIERS):
        return ()
    tier = _TIERS[len(path)]
    places = (
        (each, f"{expression}.{tier}[{index}]") for index, each in enumerate(parent.get(tier, []))
    )
    return tuple(
        _line(each, (*path, _given(each, "sequence", place)), place) for each, place in places
    )


def _line(line: Document, path: tuple[int, ...], expression: str) -> Line:
    return Line(
        path=path,
        expression=expression,
        services=codings_of(line["productOrService"]),
        modifiers=_codings(line, "modifier"),
        categories=codings_of(line.get("category")),
        serviced=days_of(line.get("servicedDate") or line.get("servicedPeriod")),
        quantity=decimal_of(line.get("quantity")),
        unit_price=money_of(line.get("unitPrice")),
        factor=exact(line.get("factor")),
        tax=_tax(line, _TAX[len(path) - 1]),
        net=money_of(line.get("net")),
        care_team=_values(line, "careTeamSequence"),
        diagnoses=_values(line, "diagnosisSequence"),
        procedures=_values(line, "procedureSequence"),
        information=_values(line, "informationSequence"),
        lines=_lines(line, path, expression),
        body_sites=codings_of(line.get("bodySite")),
        sub_sites=_codings(line, "subSite"),
    )


def _codings(element: Document, name: str) -> tuple[Coding, ...]:
    """The codings of a repeated CodeableConcept."""
    concepts = element.get(name)
    if not concepts:
        return ()
    return tuple([coding for concept in concepts for coding in codings_of(concept)])


def _values(element: Document, name: str) -> tuple[Any, ...]:
    """A repeated primitive; null holds the place of a value that only has an extension."""
    values = element.get(name)
    return tuple([value for value in values if value is not None]) if values else ()


def _given(element: Document, name: str, where: str) -> Any:
    if name not in element:
        text = f"{name} needs a value, an extension in its place is not enough."
        raise Unacceptable(Issue(ErrorCode.CLAIM_REQUIRED, text, f"{where}.{name}"))
    return element[name]


def _tax(line: Document, url: str) -> Money | None:
    extension = extension_of(line, url)
    return money_of(extension.get("valueMoney")) if extension else None

"""Writing the ExplanationOfBenefit that goes with a decided Claim of use=claim.

http://hl7.org/fhir/R4/explanationofbenefit.html
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from app.domain.adjudication import Decided, DecidedLine
from app.domain.claims import Days
from app.domain.codes import Outcome
from app.domain.eligibility import Told
from app.fhir.answers import adjudications, benefit_balance
from app.fhir.answers.adjudications import adjudication
from app.fhir.answers.benefit_balance import Counted
from app.fhir.answers.writing import (
    Answering,
    detached,
    filled,
    head,
    name_of,
    narrative,
    parties,
    request_of,
)
from app.fhir.documents import Document

# What R4 defines alike in Claim and in ExplanationOfBenefit. Extensions stay behind: they are
# defined for the element of the Claim.
_LINE = [
    "sequence",
    "revenue",
    "category",
    "productOrService",
    "modifier",
    "programCode",
    "quantity",
    "unitPrice",
    "factor",
    "net",
    "udi",
]
_ITEM = [
    "careTeamSequence",
    "diagnosisSequence",
    "procedureSequence",
    "informationSequence",
    "servicedDate",
    "servicedPeriod",
    "locationCodeableConcept",
    "locationAddress",
    "locationReference",
    "bodySite",
    "subSite",
    "encounter",
]
_CARE_TEAM = ["sequence", "provider", "responsible", "role", "qualification"]
_DIAGNOSIS = [
    "sequence",
    "diagnosisCodeableConcept",
    "diagnosisReference",
    "type",
    "onAdmission",
    "packageCode",
]
_PROCEDURE = ["sequence", "type", "date", "procedureCodeableConcept", "procedureReference", "udi"]
# An attachment stays with the Claim: what it weighs and shows is not for the explanation.
_INFORMATION = [
    "sequence",
    "category",
    "code",
    "timingDate",
    "timingPeriod",
    "valueBoolean",
    "valueString",
    "valueQuantity",
    "valueReference",
]
_RELATED = ["claim", "relationship", "reference"]
_ACCIDENT = ["date", "type", "locationAddress", "locationReference"]
_TIERS = ("item", "detail", "subDetail")


@dataclass(frozen=True, slots=True)
class Balance:
    """How the patient's insurance stands after the decision: its term, and what is used of it."""

    days: Days | None = None
    told: tuple[Told, ...] = ()


def explanation_of_benefit(
    answering: Answering,
    response_reference: str,
    decided: Decided,
    balance: Balance | None = None,
) -> Document:
    """Explain a decision to the patient: the Claim's lines beside what was decided of each.

    `response_reference` is that of the ClaimResponse; `balance` None: nothing is known of it.
    Raises ValueError where the decision is not one to one with the lines of the Claim.
    """
    request, balance = answering.request, balance or Balance()
    counted = benefit_balance.counted(balance.told)
    return filled(
        **head(answering, "ExplanationOfBenefit", _narrative(answering, decided, counted)),
        type=detached(request["type"], request),
        subType=detached(request.get("subType"), request),
        use=request["use"],
        billablePeriod=detached(request.get("billablePeriod"), request),
        enterer=detached(request.get("enterer"), request),
        **parties(answering, "provider"),
        priority=detached(request["priority"], request),
        fundsReserveRequested=detached(request.get("fundsReserve"), request),
        related=_all(request, "related", _RELATED),
        prescription=detached(request.get("prescription"), request),
        originalPrescription=detached(request.get("originalPrescription"), request),
        payee=_picked(request.get("payee", {}), ["type", "party"], request),
        referral=detached(request.get("referral"), request),
        facility=detached(request.get("facility"), request),
        claim=request_of(answering),
        claimResponse={"reference": response_reference, "type": "ClaimResponse"},
        outcome=Outcome.COMPLETE.value,
        disposition=decided.disposition,
        careTeam=_all(request, "careTeam", _CARE_TEAM),
        supportingInfo=[_information(each, request) for each in request.get("supportingInfo", [])],
        diagnosis=_all(request, "diagnosis", _DIAGNOSIS),
        procedure=_all(request, "procedure", _PROCEDURE),
        insurance=_all(request, "insurance", ["focal", "coverage", "preAuthRef"]),
        accident=_picked(request.get("accident", {}), _ACCIDENT, request),
        item=_lines(request, 0, decided.lines, request),
        total=adjudications.totals(decided),
        payment=adjudications.payment(decided, request["use"]),
        processNote=adjudications.process_notes(decided),
        benefitPeriod=_period(balance.days),
        benefitBalance=benefit_balance.balances(counted),
    )


def _period(days: Days | None) -> Document | None:
    if days is None:
        return None
    start, end = days.first, days.last
    return filled(start=start and start.isoformat(), end=end and end.isoformat())


def _narrative(answering: Answering, decided: Decided, counted: Iterable[Counted]) -> Document:
    facts = [
        *adjudications.spoken(decided.totals),
        *(note.text for note in decided.notes),
        *benefit_balance.spoken(counted),
    ]
    return narrative(f"{name_of(answering.request)}: {decided.disposition}", facts)


def _lines(
    parent: Document, tier: int, lines: tuple[DecidedLine, ...], request: Document
) -> list[Document]:
    """The lines below `parent`, each with its decision, which is found by sequence."""
    submitted = parent.get(_TIERS[tier], []) if tier < len(_TIERS) else []
    if len(submitted) != len(lines):
        raise ValueError("the decision is not one to one with the lines of the Claim")
    decisions: dict[int, list[DecidedLine]] = defaultdict(list)
    for decision in lines:
        decisions[decision.path[-1]].append(decision)
    return [_line(line, tier, decisions[line["sequence"]], request) for line in submitted]


def _line(line: Document, tier: int, decisions: list[DecidedLine], request: Document) -> Document:
    if not decisions:
        raise ValueError(f"the line {line['sequence']} is not decided")
    decision = decisions.pop(0)
    written = _picked(line, [*_LINE, *(_ITEM if tier == 0 else ())], request)
    written |= filled(noteNumber=list(decision.notes), adjudication=adjudication(decision))
    below = _lines(line, tier + 1, decision.lines, request)
    if below:
        written[_TIERS[tier + 1]] = below
    return written


def _information(information: Document, request: Document) -> Document:
    written = _picked(information, _INFORMATION, request)
    # The reason is a CodeableConcept in a Claim and a Coding here.
    reasons = information.get("reason", {}).get("coding", [])
    return written | filled(reason=reasons[0] if reasons else None)


def _all(request: Document, name: str, elements: list[str]) -> list[Document]:
    return [_picked(each, elements, request) for each in request.get(name, [])]


def _picked(element: Document, names: list[str], request: Document) -> Document:
    return filled(
        **{name: detached(_known(element[name]), request) for name in names if name in element}
    )


def _known(value: Any) -> Any:
    """Without the nulls that hold the place of extensions, which stay behind."""
    return [each for each in value if each is not None] if isinstance(value, list) else value

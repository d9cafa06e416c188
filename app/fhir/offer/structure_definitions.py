"""The gateway's own extensions, as R4 defines one.

http://hl7.org/fhir/R4/structuredefinition.html
"""

from dataclasses import dataclass

from app.domain import canonical
from app.domain.canonical import EXPRESSION, OR_MORE, PREDECESSOR, REISSUE_REASON, RETRYABLE
from app.fhir.business.prices import ATTACHMENT_REQUIRED, BENEFIT_CATEGORY
from app.fhir.documents import Document
from app.fhir.plans import (
    AUTHORIZATION_REQUIRED,
    COORDINATION,
    LIMIT_PER,
    LIMIT_PERIOD,
    LIMIT_SERVICE,
    LIMIT_SEX,
    TIMELY_FILING,
    WAITING_PERIOD,
)

_VERSION = "1.0.0"


@dataclass(frozen=True, slots=True)
class Extension:
    """One extension: where it stands, what type its value has, what it says."""

    url: str
    type: str
    contexts: tuple[str, ...]
    description: str


EXTENSIONS = (
    Extension(PREDECESSOR, "Reference", ("ClaimResponse",), "The response that this one follows."),
    Extension(
        REISSUE_REASON, "CodeableConcept", ("ClaimResponse",), "Why there is another response."
    ),
    Extension(
        canonical.CHANGE_CAUSE,
        "Coding",
        ("ClaimResponse.processNote", "ExplanationOfBenefit.processNote"),
        "What of the inputs changed, where a decision made again differs.",
    ),
    Extension(
        EXPRESSION,
        "string",
        ("ClaimResponse.error", "CoverageEligibilityResponse.error", "CodeableConcept"),
        "The FHIRPath of the element that is wrong.",
    ),
    Extension(
        RETRYABLE,
        "boolean",
        ("OperationOutcome.issue",),
        "Whether the same request may succeed later.",
    ),
    Extension(OR_MORE, "boolean", ("Task.output",), "The true number may be larger."),
    Extension(
        canonical.DELIVERY_COUNT, "integer", ("Task.output", "Bundle.entry"), "Hand-overs so far."
    ),
    Extension(
        canonical.LEFT_TO_PAY, "Money", ("Invoice",), "What of a partly paid Invoice is left."
    ),
    Extension(
        AUTHORIZATION_REQUIRED,
        "boolean",
        ("InsurancePlan.coverage.benefit",),
        "The category is paid on a preauthorization only.",
    ),
    Extension(
        WAITING_PERIOD,
        "Duration",
        ("InsurancePlan.coverage.benefit",),
        "From the start of the Coverage until the category is covered.",
    ),
    Extension(
        TIMELY_FILING,
        "Duration",
        ("InsurancePlan",),
        "From the last service until a Claim is received too late.",
    ),
    Extension(
        COORDINATION, "code", ("InsurancePlan",), "How benefits are coordinated with other payers."
    ),
    Extension(
        LIMIT_SERVICE,
        "CodeableConcept",
        ("InsurancePlan.coverage.benefit.limit",),
        "A service that the limit is about; each of its codings.",
    ),
    Extension(
        LIMIT_PERIOD,
        "Duration",
        ("InsurancePlan.coverage.benefit.limit",),
        "The time within which a frequency counts; without it, a calendar year.",
    ),
    Extension(
        LIMIT_PER,
        "code",
        ("InsurancePlan.coverage.benefit.limit",),
        "What a frequency is counted by: body-site (a tooth) or sub-site (a surface of it).",
    ),
    Extension(
        LIMIT_SEX,
        "code",
        ("InsurancePlan.coverage.benefit.limit",),
        "The administrative gender that a service is covered for.",
    ),
    Extension(
        BENEFIT_CATEGORY,
        "CodeableConcept",
        ("ChargeItemDefinition",),
        "The benefit category that the service belongs to.",
    ),
    Extension(
        ATTACHMENT_REQUIRED,
        "boolean",
        ("ChargeItemDefinition",),
        "The service is paid with an attachment only.",
    ),
)


def machine_name(id_: str) -> str:
    """The name that programs use: the words of an id joined."""
    return "".join(word.capitalize() for word in id_.split("-"))


def _structure_definition(extension: Extension) -> Document:
    id_ = extension.url.rpartition("/")[2]
    return {
        "resourceType": "StructureDefinition",
        "id": id_,
        "url": extension.url,
        "version": _VERSION,
        "name": machine_name(id_),
        "title": id_.replace("-", " ").capitalize(),
        "status": "active",
        "experimental": False,
        "description": extension.description,
        "fhirVersion": "4.0.1",
        "kind": "complex-type",
        "abstract": False,
        "context": [{"type": "element", "expression": each} for each in extension.contexts],
        "type": "Extension",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Extension",
        "derivation": "constraint",
        "differential": {"element": _elements(extension)},
    }


def _elements(extension: Extension) -> list[Document]:
    """A simple extension: no extensions inside, its address fixed, one type of value."""
    return [
        {
            "id": "Extension",
            "path": "Extension",
            "short": extension.description,
            "definition": extension.description,
            "min": 0,
            "max": "1",
        },
        {"id": "Extension.extension", "path": "Extension.extension", "max": "0"},
        {"id": "Extension.url", "path": "Extension.url", "fixedUri": extension.url},
        {
            "id": "Extension.value[x]",
            "path": "Extension.value[x]",
            "min": 1,
            "type": [{"code": extension.type}],
        },
    ]


STRUCTURE_DEFINITIONS: tuple[Document, ...] = tuple(
    _structure_definition(each) for each in EXTENSIONS
)

"""A Coverage that is listed so that costs are recovered from it is not adjudicated.

http://hl7.org/fhir/R4/coverage-definitions.html#Coverage.subrogation
"""

from typing import Any

from app.domain.issues import ErrorCode, Issue
from app.fhir import json_text
from app.fhir.documents import Document, reference_of
from app.gateway.coverages import matched, submitted
from app.store.unit_of_work import UnitOfWork


def subrogation(document: Document, base: str, work: UnitOfWork) -> list[Issue]:
    """An error for a focal insurance whose Coverage says so, the sender's or the payer's own."""
    text = "The Coverage has subrogation true: a payer recovers costs by it, and decides none."
    return [
        Issue(ErrorCode.CLAIM_SUBROGATION, text, f"Claim.insurance[{index}].coverage")
        for index, insurance in enumerate(document["insurance"])
        if insurance["focal"] and _is_subrogated(document, insurance["coverage"], base, work)
    ]


def _is_subrogated(document: Document, value: dict[str, Any], base: str, work: UnitOfWork) -> bool:
    told = submitted(document, value, reference_of(value, base), work) or {}
    kept = matched(document, value, base, work)
    own = json_text.parsed(kept.text) if kept is not None and kept.text else {}
    return any(each.get("subrogation", False) is True for each in (told, own))

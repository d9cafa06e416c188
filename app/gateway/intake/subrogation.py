"""A Coverage that is listed so that costs are recovered from it is not adjudicated.

http://hl7.org/fhir/R4/coverage-definitions.html#Coverage.subrogation
"""

from collections.abc import Mapping
from typing import Any

from app.domain.issues import ErrorCode, Issue
from app.fhir import json_text
from app.fhir.documents import reference_of
from app.gateway.coverages import submitted
from app.store.resources import Stored
from app.store.unit_of_work import UnitOfWork


def subrogation(
    document: Mapping[str, Any],
    coverages: Mapping[int, Stored | None],
    base: str,
    work: UnitOfWork,
) -> list[Issue]:
    """An error for a focal insurance whose Coverage says so, the sender's or the payer's own.

    `coverages` are the payer's own, by the index of the insurance.
    """
    text = "The Coverage has subrogation true: a payer recovers costs by it, and decides none."
    return [
        Issue(ErrorCode.CLAIM_SUBROGATION, text, f"Claim.insurance[{index}].coverage")
        for index, kept in coverages.items()
        if _is_subrogated(document, document["insurance"][index]["coverage"], kept, base, work)
    ]


def _is_subrogated(
    document: Mapping[str, Any],
    value: Mapping[str, Any],
    kept: Stored | None,
    base: str,
    work: UnitOfWork,
) -> bool:
    told = submitted(document, value, reference_of(value, base), work) or {}
    own = json_text.parsed(kept.text) if kept is not None and kept.text else {}
    return any(each.get("subrogation", False) is True for each in (told, own))

"""Whose rows a scope sees: the one place that turns payer and submitter into a condition."""

from typing import Any

from sqlalchemy import ColumnElement, and_, or_, true

from app.domain.parties import Scope

# The payer's reference data that its submitters may read. Patients and Coverages are not among
# them: those are matched by identifier and never shown.
READABLE_REFERENCE_DATA = frozenset(
    {
        "Organization",
        "OrganizationAffiliation",
        "Practitioner",
        "PractitionerRole",
        "Location",
        "InsurancePlan",
        "ChargeItemDefinition",
    }
)


def owned(scope: Scope, owner: ColumnElement[Any], type: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a row belongs to what the scope sees, beside its payer, which the caller names.

    A submitter sees its own and the payer's readable reference data; the payer's side sees all.
    """
    return true() if scope.submitter_id is None else owned_by(scope.submitter_id, owner, type)


def owned_by(
    submitter: Any, owner: ColumnElement[Any], type: ColumnElement[str]
) -> ColumnElement[bool]:
    """What a submitter sees, given by its id or by the parameter that will hold it."""
    is_readable = and_(owner.is_(None), type.in_(sorted(READABLE_REFERENCE_DATA)))
    return or_(owner == submitter, is_readable)


def owners(scope: Scope, owner: ColumnElement[Any], type: str) -> list[list[ColumnElement[bool]]]:
    """As `owned` for rows of one type: alternatives that exclude each other, a range each."""
    if scope.submitter_id is None:
        return [[]]
    own = [owner == scope.submitter_id]
    return [own, [owner.is_(None)]] if type in READABLE_REFERENCE_DATA else [own]

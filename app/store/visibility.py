"""Whose rows a scope sees: the one place that turns payer and submitter into a condition."""

from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, true

from app.domain.parties import Scope
from app.domain.permissions import EACH, GUARDED, Permissions

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


def seen(
    permissions: Permissions,
    letters: str,
    type: str | ColumnElement[str],
    label: ColumnElement[Any],
) -> ColumnElement[bool]:
    """Whether one of the letters allows a resource of this type with this label; true for all.

    For rows of which payer and submitter are looked at besides.
    """
    ways = [(one, _types_with(permissions, letters, one, type)) for one in ("", *GUARDED)]
    if all(types is True for _, types in ways):
        return true()
    met = [
        and_(_is_labelled(label, one), true() if types is True else types)
        for one, types in ways
        if types is not False
    ]
    return or_(*met) if met else false()


def _types_with(
    permissions: Permissions, letters: str, label: str, type: str | ColumnElement[str]
) -> ColumnElement[bool] | bool:
    """Of which types a resource may be that has this label; a bool where that is known."""
    named = permissions.types_with(letters, label)
    if EACH in named or not named:
        return bool(named)
    return type in named if isinstance(type, str) else type.in_(sorted(named))


def _is_labelled(column: ColumnElement[Any], label: str) -> ColumnElement[bool]:
    return column == label if label else column.is_(None)


def owners(scope: Scope, owner: ColumnElement[Any], type: str) -> list[list[ColumnElement[bool]]]:
    """As `owned` for rows of one type: alternatives that exclude each other, a range each."""
    if scope.submitter_id is None:
        return [[]]
    own = [owner == scope.submitter_id]
    return [own, [owner.is_(None)]] if type in READABLE_REFERENCE_DATA else [own]

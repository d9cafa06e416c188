"""On which days a provider is in a network of a plan, by what the payer keeps of its providers.

Docs: docs/reference-data.md, "Networks".
"""

from collections.abc import Iterator

from app.domain.canonical import CANONICAL
from app.domain.claims import Days
from app.domain.plan import Plan
from app.domain.references import Identifier, Reference
from app.fhir import json_text
from app.fhir.business.networks import Affiliation, read_affiliation
from app.fhir.documents import identifiers_of
from app.store.unit_of_work import UnitOfWork

_ORGANIZATION = ("Organization",)
_AFFILIATION = ("OrganizationAffiliation",)
_ALWAYS = Days(None, None)


def participant_key(name: str) -> Identifier:
    """Under which an OrganizationAffiliation is found by a name of the organization it is for."""
    return Identifier(f"{CANONICAL}/participant", name)


def named(reference: Reference) -> set[str]:
    """What a reference itself says: `Type/id` of ours, and `system|value`."""
    identifiers = {reference.identifier.key} if reference.identifier else set()
    literal = {f"{reference.type}/{reference.id}"} if reference.type and reference.id else set()
    return identifiers | literal


def affiliations(provider: Reference, plan: Plan, base: str, work: UnitOfWork) -> tuple[Days, ...]:
    """The days of every membership of the provider in a network of the plan, in a fixed order."""
    if not plan.networks:
        return ()
    provider_names = _names(provider, work)
    networks = {name for network in plan.networks for name in _names(network, work)}
    if networks & provider_names:
        return (_ALWAYS,)
    keys = [participant_key(name) for name in sorted(provider_names)]
    found = {id for _, id in work.reference_data.identified(_AFFILIATION, *keys)} if keys else set()
    return tuple(
        affiliation.days
        for affiliation in _read(found, base, work)
        if affiliation.is_active
        and any(_names(network, work) & networks for network in affiliation.networks)
    )


def _read(ids: set[str], base: str, work: UnitOfWork) -> Iterator[Affiliation]:
    for stored in work.reference_data.find_all("OrganizationAffiliation", ids):
        if stored.text is not None:
            yield read_affiliation(json_text.parsed(stored.text), base)


def _names(reference: Reference, work: UnitOfWork) -> set[str]:
    """Everything an organization goes by: the reference, and what the payer keeps of it."""
    identifiers = [reference.identifier] if reference.identifier else []
    if reference.type is not None and reference.id is not None:
        stored = work.resources.find(reference.type, reference.id)
        if stored is not None and stored.text is not None:
            identifiers += identifiers_of(json_text.parsed(stored.text))
    known = work.reference_data.identified(_ORGANIZATION, *identifiers) if identifiers else []
    keys = {identifier.key for identifier in identifiers}
    return named(reference) | keys | {f"{type}/{id}" for type, id in known}

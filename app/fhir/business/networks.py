"""Reading the networks of an InsurancePlan, and who is in one by an OrganizationAffiliation.

http://hl7.org/fhir/R4/organizationaffiliation.html
"""

from collections.abc import Callable
from dataclasses import dataclass

from app.domain.claims import Days
from app.domain.references import Reference
from app.fhir.documents import Document, days_of, reference_of


@dataclass(frozen=True, slots=True)
class Affiliation:
    """That `participant` is in `networks` on these days; `is_active` False: no more, or never."""

    networks: tuple[Reference, ...]
    participant: Reference
    days: Days
    is_active: bool


def read_networks(
    plan: Document, base: str, refuse: Callable[[str, str], None]
) -> tuple[Reference, ...]:
    """The networks of an InsurancePlan; `refuse` is told the place of one that names nobody."""
    networks = tuple(reference_of(each, base) for each in plan.get("network", []))
    for index, network in enumerate(networks):
        if network.literal is None and network.identifier is None:
            text = "A network is named by a reference of ours or by an identifier."
            refuse(f"InsurancePlan.network[{index}]", text)
    return networks


def read_affiliation(document: Document, base: str) -> Affiliation:
    """Read an OrganizationAffiliation: the network is its `organization`, or named as `network`."""
    organizations = [document["organization"]] if "organization" in document else []
    return Affiliation(
        networks=tuple(
            reference_of(each, base) for each in (*organizations, *document.get("network", []))
        ),
        participant=reference_of(document.get("participatingOrganization", {}), base),
        days=days_of(document.get("period")) or Days(None, None),
        is_active=document.get("active", True),
    )

"""A Claim as the gateway reads it: what intake checks and what an adjudicator may know of it.

http://hl7.org/fhir/R4/claim.html
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from app.domain.codes import ClaimUse, Coding
from app.domain.money import Money
from app.domain.references import Identifier, Reference

STAT = "stat"


@dataclass(frozen=True, slots=True)
class Days:
    """First and last day of a service or a billing period; either may be unknown."""

    first: date | None
    last: date | None


@dataclass(frozen=True, slots=True)
class Line:
    """An item, detail or subDetail. With `lines` it is a group, without it is a leaf.

    `path` holds the sequences from the item down, `expression` the FHIRPath in the Claim.
    `body_sites` are the codings of the one site, a tooth say; `sub_sites` of all within it. R4 lets
    items alone tell them: they are their parts' too.
    """

    path: tuple[int, ...]
    expression: str
    services: tuple[Coding, ...] = ()
    modifiers: tuple[Coding, ...] = ()
    categories: tuple[Coding, ...] = ()
    serviced: Days | None = None
    quantity: Decimal | None = None
    unit_price: Money | None = None
    factor: Decimal | None = None
    tax: Money | None = None
    net: Money | None = None
    care_team: tuple[int, ...] = ()
    diagnoses: tuple[int, ...] = ()
    procedures: tuple[int, ...] = ()
    information: tuple[int, ...] = ()
    lines: tuple["Line", ...] = ()
    body_sites: tuple[Coding, ...] = ()
    sub_sites: tuple[Coding, ...] = ()


@dataclass(frozen=True, slots=True)
class Insurance:
    """One entry of Claim.insurance, in the order of coordination."""

    sequence: int
    focal: bool
    coverage: Reference
    preauthorizations: tuple[str, ...] = ()
    claim_response: Reference | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """The parts of a Claim that decide anything; `None` and empty where the Claim is silent.

    `attachments` are those of `information` that carry a document or refer to one.
    """

    use: ClaimUse
    type: Coding | None
    created: Days
    patient: Reference
    provider: Reference
    identifiers: tuple[Identifier, ...] = ()
    priority: str = "normal"
    insurer: Reference | None = None
    billable: Days | None = None
    insurance: tuple[Insurance, ...] = ()
    care_team: tuple[int, ...] = ()
    diagnoses: tuple[int, ...] = ()
    procedures: tuple[int, ...] = ()
    information: tuple[int, ...] = ()
    lines: tuple[Line, ...] = ()
    total: Money | None = None
    attachments: tuple[int, ...] = ()

    def day_of(self, item: Line) -> date | None:
        """The day of an item's service, else the first of the bill, else the Claim's own."""
        told = item.serviced
        return (told and (told.first or told.last)) or self.untold_day

    @property
    def untold_day(self) -> date | None:
        """The day of an item that tells none."""
        return (self.billable and self.billable.first) or self.created.first

"""What is left of a preauthorization, line by line, and what a decision uses of it.

Docs: docs/preauthorizations.md. http://hl7.org/fhir/R4/claim-definitions.html#Claim.insurance.preAuthRef
"""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Decimal

Path = tuple[int, ...]

# Quantities are kept as whole numbers of it, so that a database can add and check them.
QUANTITY_UNIT = Decimal("0.0001")


def counted(quantity: Decimal) -> Decimal:
    """A quantity as a reservation counts it: up to the next ten-thousandth, asked and used alike.

    Upwards, so that no service is so small that it uses nothing.
    """
    return quantity.quantize(QUANTITY_UNIT, ROUND_CEILING)


@dataclass(frozen=True, slots=True)
class HeldLine:
    """One line of a preauthorization: the keys of its services, and what is left for the Claim.

    `quantity` None: it was reserved before quantities were, and only the amount binds.
    """

    path: Path
    services: frozenset[str]
    amount: Decimal
    quantity: Decimal | None = None

    @property
    def is_used_up(self) -> bool:
        """Whether nothing more can be rendered on it."""
        return self.amount == 0 if self.quantity is None else self.quantity == 0


@dataclass(frozen=True, slots=True)
class Authorization:
    """A preauthorization that the Claim quotes, of its member and provider; days are inclusive.

    `lines` are those that granted a service of the Claim. What the Claim itself used, where it is
    decided again, counts as left.
    """

    key: str
    currency: str
    lines: tuple[HeldLine, ...]
    starts_on: date | None = None
    ends_on: date | None = None


@dataclass(frozen=True, slots=True, order=True)
class Use:
    """What a line of a Claim (`path`) takes of a line of a preauthorization (`held`).

    `path` () is the Claim as a whole, as it was kept before lines were told.
    """

    authorization: str
    held: Path
    path: Path
    amount: Decimal
    quantity: Decimal = Decimal(0)

"""References and business identifiers, as every part of the gateway speaks of them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Identifier:
    """A business identifier; `system` None where the sender gave none."""

    system: str | None
    value: str

    @property
    def key(self) -> str:
        """How two identifiers are compared."""
        return f"{self.system or ''}|{self.value}"

    @classmethod
    def parse(cls, text: str) -> "Identifier":
        """Read the spelling `system|value`; raises ValueError without a value."""
        system, separator, value = text.rpartition("|")
        if not separator or not value:
            raise ValueError(f"expected 'system|value', got {text!r}")
        return cls(system or None, value)


@dataclass(frozen=True, slots=True)
class Reference:
    """Points at a resource by type and id, by identifier, or both; never fetched from outside.

    `version` is the version asked for; `foreign` keeps an address that is not under our base.
    """

    type: str | None = None
    id: str | None = None
    version: int | None = None
    identifier: Identifier | None = None
    display: str | None = None
    foreign: str | None = None

    @property
    def literal(self) -> str | None:
        """The relative reference, to a version where one is named; None without type and id."""
        if self.type is None or self.id is None:
            return None
        plain = f"{self.type}/{self.id}"
        return plain if self.version is None else f"{plain}/_history/{self.version}"

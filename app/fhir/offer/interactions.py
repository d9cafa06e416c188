"""What a server offers, as plain values: the CapabilityStatement and the OpenAPI document tell it.

http://hl7.org/fhir/R4/capabilitystatement.html
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OperationOffer:
    """An operation of a type: its code, its canonical definition, and where it is called.

    `takes` are the resource types of its body (none: no body is needed), `gives` those it answers
    with. `affects_state` False: it may be asked by GET too.
    """

    name: str
    definition: str
    at_type: bool
    at_instance: bool
    affects_state: bool
    takes: tuple[str, ...]
    gives: tuple[str, ...]
    may_be_tried: bool = False


@dataclass(frozen=True, slots=True)
class ParameterOffer:
    """A search parameter: its name, its type, its canonical, and what a reference may refer to."""

    name: str
    type: str
    definition: str | None = None
    targets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TypeOffer:
    """A resource type: the codes of its interactions, by role, and what goes with them.

    `is_in_compartment`: it is searched in the compartments of the offer too. `has_includes`: what
    it refers to, and what refers to it, can be found with it.
    """

    type: str
    by_role: tuple[tuple[str, frozenset[str]], ...]
    has_conditional_create: bool = False
    has_conditional_update: bool = False
    has_conditional_delete: bool = False
    has_update_create: bool = False
    is_immutable: bool = False
    is_in_compartment: bool = False
    has_includes: bool = True
    parameters: tuple[ParameterOffer, ...] = ()
    operations: tuple[OperationOffer, ...] = ()

    @property
    def interactions(self) -> frozenset[str]:
        """What somebody at least is offered."""
        return frozenset().union(*(codes for _, codes in self.by_role))


@dataclass(frozen=True, slots=True)
class Offer:
    """The whole surface; `system` are the codes of the interactions with no type."""

    types: tuple[TypeOffer, ...]
    system: frozenset[str] = frozenset()
    compartments: tuple[str, ...] = ()

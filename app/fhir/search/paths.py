"""The steps that a path of FHIRPath is made of, over parsed JSON.

A step takes the elements found so far, and the resource, and gives those that it leads to. What is
not of the shape that R4 gives it leads nowhere: nothing here raises.
http://hl7.org/fhirpath/N1/#path-selection
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

Values = list[Any]
Step = Callable[[Values, Any], Values]

# The choices that search parameters, and conditions, read without saying which: `occurrence` for
# any of three.
_VARIANTS = {
    "deceased": ("deceasedBoolean", "deceasedDateTime"),
    "location": ("locationAddress", "locationCodeableConcept", "locationReference"),
    "occurrence": ("occurrenceDateTime", "occurrencePeriod", "occurrenceTiming"),
    "serviced": ("servicedDate", "servicedPeriod"),
    "value": ("valueString", "valueCodeableConcept", "valueQuantity", "valueRange"),
}


@dataclass(frozen=True, slots=True)
class Member:
    """Leads to an element by its name; `cast` picks one variant of a choice."""

    name: str
    cast: str | None = None

    def __call__(self, nodes: Values, root: Any) -> Values:
        """The element of every node that has it, its repetitions one by one."""
        found: Values = []
        for node in nodes:
            if not isinstance(node, dict):
                continue
            for name in names_of(self):
                value = node.get(name)
                if isinstance(value, list):
                    found.extend(each for each in value if each is not None)
                elif value is not None:
                    found.append(value)
        return found


@cache
def names_of(member: Member) -> tuple[str, ...]:
    """The names that an element may have in JSON, as a choice has several."""
    name, cast = member.name, member.cast
    if cast is not None:
        return (name + cast[0].upper() + cast[1:],)
    return (name, *_VARIANTS.get(name, ()))


@dataclass(frozen=True, slots=True)
class Path:
    """One step after the other."""

    steps: tuple[Step, ...]

    def __call__(self, nodes: Values, root: Any) -> Values:
        """What the last step leads to."""
        for step in self.steps:
            nodes = step(nodes, root)
        return nodes


@dataclass(frozen=True, slots=True)
class Union:
    """What several paths lead to, one after the other."""

    parts: tuple[Step, ...]

    def __call__(self, nodes: Values, root: Any) -> Values:
        """What each leads to from the same nodes."""
        return [value for part in self.parts for value in part(nodes, root)]


@dataclass(frozen=True, slots=True)
class Extension:
    """Leads to the extensions with this address."""

    url: str

    def __call__(self, nodes: Values, root: Any) -> Values:
        """Those of every node."""
        found = Member("extension")(nodes, root)
        return [each for each in found if isinstance(each, dict) and each.get("url") == self.url]


@dataclass(frozen=True, slots=True)
class Where:
    """Stays at the nodes for which a condition is true."""

    condition: Step

    def __call__(self, nodes: Values, root: Any) -> Values:
        """Those nodes."""
        return [node for node in nodes if self.condition([node], root) == [True]]


def exists(nodes: Values, _root: Any) -> Values:
    """Whether there is any node."""
    return [bool(nodes)]


def itself(nodes: Values, _root: Any) -> Values:
    """The nodes themselves: where a path begins with the name of its own type."""
    return nodes


def resolved_types(nodes: Values, root: Any) -> Values:
    """The type that each Reference leads to, by its address or as it says; nothing is fetched."""
    found = (_type_of(node, root) for node in nodes if isinstance(node, dict))
    return [type for type in found if type is not None]


def _type_of(reference: dict[str, Any], root: Any) -> str | None:
    address = reference.get("reference")
    if not isinstance(address, str):
        return reference.get("type")
    if address.startswith("#"):
        return _contained_type(root, address)
    parts = address.partition("/_history/")[0].split("/")
    return parts[-2] if len(parts) > 1 else reference.get("type")


def _contained_type(root: Any, address: str) -> str | None:
    resources = root.get("contained") if isinstance(root, dict) else None
    for each in resources if isinstance(resources, list) else ():
        if isinstance(each, dict) and each.get("id") == address[1:]:
            return each.get("resourceType")
    return None

"""Every place of a resource where a reference may stand, as the element tables say."""

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.fhir.validation.schema import Element, definition

_LEFT_OUT = {"contained", "extension", "modifierExtension", "assigner"}
_VALUES = {
    "boolean": True,
    "code": "x",
    "date": "2026-03-02",
    "dateTime": "2026-03-02",
    "instant": "2026-03-02T09:30:00Z",
    "decimal": 1,
    "integer": 1,
    "positiveInt": 1,
    "unsignedInt": 1,
    "base64Binary": "eA==",
    "time": "09:30:00",
    "uri": "http://happyvalley.test/x",
    "url": "http://happyvalley.test/x",
    "canonical": "http://happyvalley.test/x",
    "markdown": "x",
}


@dataclass(frozen=True)
class Place:
    """A path of elements from a resource to a reference, and the types that it may lead to."""

    type: str
    path: tuple[Element, ...]
    targets: tuple[str, ...]

    @property
    def name(self) -> str:
        """As it is spelled in R4."""
        return ".".join((self.type, *(one.name for one in self.path)))


def places(type: str) -> list[Place]:
    """Where references may stand in a resource of this type; recursive datatypes once."""
    return [Place(type, path, _targets(path, type)) for path in _paths(type, (), {type})]


def _paths(name: str, path: tuple[Element, ...], seen: set[str]) -> Iterator[tuple[Element, ...]]:
    for one in definition(name).elements:
        if one.is_primitive or one.name in _LEFT_OUT:
            continue
        if one.type == "Reference":
            yield (*path, one)
        elif one.type not in seen and one.type != "Element":
            yield from _paths(one.type, (*path, one), seen | {one.type})


def _targets(path: tuple[Element, ...], type: str) -> tuple[str, ...]:
    owner = path[-2].type if len(path) > 1 else type
    types = importlib.import_module("fhir.resources.R4B.fhirtypes")
    fields = getattr(types, f"{owner}Type").get_model_klass().model_fields
    [field] = [one for key, one in fields.items() if (one.alias or key) == path[-1].name]
    return tuple(field.json_schema_extra.get("enum_reference_types", ()))


def with_reference(document: dict[str, Any], place: Place, reference: str) -> dict[str, Any]:
    """The document with a reference at a place; what is missing on the way is made."""
    return _with(document, place.path, {"reference": reference})


def _with(node: dict[str, Any], path: tuple[Element, ...], value: Any) -> dict[str, Any]:
    first, *rest = path
    node = {name: one for name, one in node.items() if not _is_other_choice(name, first, node)}
    before = node.get(first.name)
    if rest:
        inside = (before[0] if first.is_list else before) if before else minimal(first.type)
        value = _with(inside, tuple(rest), value)
    if first.is_list:
        value = [value, *(before or [])[1:]]
    return {**node, first.name: value}


def _is_other_choice(name: str, element: Element, node: dict[str, Any]) -> bool:
    if element.choice is None or name == element.name:
        return False
    stem = element.choice
    return name.startswith(stem) and name[len(stem) :][:1].isupper()


def minimal(type: str) -> dict[str, Any]:
    """What R4 asks at the least of an element of this type."""
    if type in {"CodeableConcept", "Annotation"}:
        return {"text": "x"}
    if type == "Reference":
        return {"display": "x"}
    made, choices = {}, set()
    for one in definition(type).elements:
        is_chosen = one.choice_is_required and one.choice not in choices
        if not (one.is_required or is_chosen):
            continue
        choices.add(one.choice)
        value = _value(one)
        made[one.name] = [value] if one.is_list else value
    return made


def _value(one: Element) -> Any:
    if one.codes:
        return min(one.codes)
    return _VALUES.get(one.type, "x") if one.is_primitive else minimal(one.type)

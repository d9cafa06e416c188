"""JSON Schemas of R4's types, from the same element tables that the checker is compiled from.

They hold what a JSON Schema can say: names, types, cardinality, choices, required codes, the form
of primitives. What the checker knows beyond that (invariants, real dates, narratives, references
inside) is not in them; and a mandatory primitive that is given by an extension alone, which the
checker lets pass, is not foreseen by them.
https://json-schema.org/draft/2020-12, http://hl7.org/fhir/R4/json.html
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from app.fhir.validation.primitives import FORMS, HIGHEST, LOWEST
from app.fhir.validation.schema import Definition, Element, definition

Schema = dict[str, Any]

_PREFIX = "#/components/schemas/"
# What any primitive may have beside its value: http://hl7.org/fhir/R4/json.html#primitive
_BESIDE = "FHIRPrimitiveExtension"


def reference(name: str) -> Schema:
    """A $ref to the component of this name."""
    return {"$ref": f"{_PREFIX}{name}"}


def components(types: Iterable[str]) -> dict[str, Schema]:
    """The schemas of these resource types and of all that they are made of, by name."""
    schemas: dict[str, Schema] = {"Resource": _any_resource(), **_primitives()}
    waiting = [*types, _BESIDE]
    while waiting:
        name = waiting.pop()
        if name not in schemas:
            of = definition(name)
            schemas[name] = _object(of)
            waiting += [each.type for each in of.elements if not each.is_primitive]
    return dict(sorted(schemas.items()))


def _any_resource() -> Schema:
    return {
        "type": "object",
        "description": "A resource of any type, by the schema of its type.",
        "required": ["resourceType"],
        "properties": {"resourceType": {"type": "string", "pattern": "^[A-Z][A-Za-z]+$"}},
    }


def _primitives() -> dict[str, Schema]:
    numbers = {
        name: {"type": "integer", "minimum": low, "maximum": HIGHEST}
        for name, low in LOWEST.items()
    }
    texts = {name: {"type": "string", "pattern": f"^(?:{form})$"} for name, form in FORMS.items()}
    free = {"type": "string", "pattern": r"\S"}
    return {
        "boolean": {"type": "boolean"},
        "decimal": {"type": "number"},
        "string": free,
        "markdown": free,
        "xhtml": {**free, "description": "A div of XHTML."},
        **numbers,
        **texts,
    }


def _object(of: Definition) -> Schema:
    properties: dict[str, Schema] = {each.name: _property(each) for each in of.elements}
    required = [each.name for each in of.elements if each.is_required]
    if of.is_resource:
        properties = {"resourceType": {"const": of.name}, **properties}
        required = ["resourceType", *required]
    schema: Schema = {
        "type": "object",
        "minProperties": 1,
        "properties": properties,
        "additionalProperties": False,
    }
    if required:
        schema["required"] = required
    beside = _beside_primitives(of)
    if beside:
        schema["patternProperties"] = beside
    choices = _choices(of)
    if choices:
        schema["allOf"] = choices
    return schema


def _property(element: Element) -> Schema:
    if element.codes:
        one: Schema = {"type": "string", "enum": sorted(element.codes)}
    else:
        one = reference(element.type)
    return {"type": "array", "minItems": 1, "items": one} if element.is_list else one


def _beside_primitives(of: Definition) -> dict[str, Schema]:
    """`_name` beside a primitive `name`; beside a list it is a list with null for nothing."""
    names: dict[bool, list[str]] = defaultdict(list)
    for element in of.elements:
        if element.is_primitive:
            names[element.is_list].append(element.name)
    one = reference(_BESIDE)
    several = {"type": "array", "items": {"anyOf": [one, {"type": "null"}]}}
    return {
        f"^_(?:{'|'.join(sorted(found))})$": several if is_list else one
        for is_list, found in sorted(names.items())
    }


def _choices(of: Definition) -> list[Schema]:
    """Of the members of a choice one at most, or exactly one."""
    choices: dict[str, list[Element]] = defaultdict(list)
    for element in of.elements:
        if element.choice is not None:
            choices[element.choice].append(element)
    return [_choice(members) for members in choices.values()]


def _choice(members: list[Element]) -> Schema:
    given = [{"required": [each.name]} for each in members]
    if any(each.choice_is_required for each in members):
        return {"oneOf": given}
    return {"oneOf": [*given, {"not": {"anyOf": given}}]}

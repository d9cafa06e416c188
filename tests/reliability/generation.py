"""The OpenAPI document as schemathesis generates from it: smaller bodies of the same types.

From R4's whole graph of types, each of which may hold extensions of fifty types, one body takes
seconds. Bodies are therefore generated from copies of the schemas without optional members that
lead far away; what is answered is still held against the schemas as they are published.
"""

from copy import deepcopy
from typing import Any

_PREFIX = "#/components/schemas/"
_SMALL = "Small"
_FAR_AWAY = {"extension", "modifierExtension", "contained"}
# More optional members that are objects would make each body slow to generate.
_MOST_OBJECTS = 3


def for_generation(document: dict[str, Any]) -> dict[str, Any]:
    """A copy of the document whose request bodies are of smaller types."""
    small = deepcopy(document)
    schemas = small["components"]["schemas"]
    copies = {name: _reduced(deepcopy(each), schemas) for name, each in schemas.items()}
    for name, each in copies.items():
        schemas[f"{_SMALL}{name}"] = _led(each)
    for path in small["paths"].values():
        for operation in path.values():
            if "requestBody" in operation:
                operation["requestBody"] = _led(operation["requestBody"])
    return small


def _reduced(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    if "additionalProperties" not in schema:
        return schema
    properties, required = schema["properties"], set(schema.get("required", ()))
    schema.pop("patternProperties", None)
    for choice in schema.pop("allOf", ()):
        members = [each["required"][0] for each in choice["oneOf"] if "required" in each]
        if len(members) == len(choice["oneOf"]):
            required.add(members[0])
        for name in members[1:]:
            properties.pop(name, None)
    optional = [name for name in properties if name not in required]
    objects = [name for name in optional if _is_object(properties[name], schemas)]
    for name in {*objects[_MOST_OBJECTS:], *(_FAR_AWAY - required)}:
        properties.pop(name, None)
    return {**schema, "required": sorted(required)}


def _is_object(member: dict[str, Any], schemas: dict[str, Any]) -> bool:
    name = member.get("items", member).get("$ref", "").removeprefix(_PREFIX)
    return bool(name) and schemas[name].get("type") == "object"


def _led(value: Any) -> Any:
    """The value with every reference led to the smaller types."""
    if isinstance(value, list):
        return [_led(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: each.replace(_PREFIX, _PREFIX + _SMALL) if name == "$ref" else _led(each)
        for name, each in value.items()
    }

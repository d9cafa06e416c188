"""R4's elements as fhir.resources' model classes describe them: names, types, cardinality, codes.

The R4B classes serve for R4; the differences that matter are evened out here and in `bindings`.
http://hl7.org/fhir/R4/resourcelist.html
"""

import importlib
from dataclasses import dataclass
from functools import cache
from typing import Any, get_args, get_origin

from app.fhir.resource_types import RESOURCE_TYPES
from app.fhir.validation.bindings import BINDINGS

_PACKAGE = "fhir.resources.R4B"
# In the classes, but not in R4; a comment is no element either.
_NO_ELEMENTS = {"fhir_comments"}
_ADDED_BY_R4B = {"CodeableReference", "RatioRange"}
_MANY = 40


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a type: its JSON name and what it may hold."""

    name: str
    type: str
    is_primitive: bool
    is_list: bool
    is_required: bool
    codes: frozenset[str] | None
    choice: str | None
    choice_is_required: bool
    is_summary: bool = False


@dataclass(frozen=True, slots=True)
class Definition:
    """One resource type, datatype or backbone element (named as its class: `ClaimItem`)."""

    name: str
    is_resource: bool
    elements: tuple[Element, ...]


def is_resource_type(name: str) -> bool:
    """Whether R4 has a resource type of this name, and the R4B classes still know it."""
    if name not in RESOURCE_TYPES:
        return False
    return hasattr(importlib.import_module(f"{_PACKAGE}.fhirtypes"), f"{name}Type")


@cache
def definition(name: str) -> Definition:
    """The definition of a type that exists; imports its module when first asked."""
    model = _model(name)
    elements = [
        _element(name, field.alias or key, field)
        for key, field in model.model_fields.items()
        if key not in _NO_ELEMENTS and not key.endswith("__ext")
    ]
    is_resource = bool(model.has_resource_base())
    return Definition(name, is_resource, tuple(_as_in_r4(elements)))


def _model(name: str) -> Any:
    types = importlib.import_module(f"{_PACKAGE}.fhirtypes")
    return getattr(types, f"{name}Type").get_model_klass()


def _element(owner: str, name: str, field: Any) -> Element:
    extra = field.json_schema_extra or {}
    annotation, is_list = _unwrapped(field.annotation)
    type_name, is_primitive = _type_of(annotation)
    codes = BINDINGS.get(f"{owner}.{name}", extra.get("enum_values")) if is_primitive else None
    return Element(
        name=name,
        type=type_name,
        is_primitive=is_primitive,
        is_list=is_list,
        is_required=bool(extra.get("element_required") or field.is_required()),
        codes=frozenset(codes) if codes else None,
        choice=extra.get("one_of_many"),
        choice_is_required=bool(extra.get("one_of_many_required")),
        is_summary=bool(extra.get("summary_element_property")),
    )


def _unwrapped(annotation: Any) -> tuple[Any, bool]:
    """The type inside Optional and List, and whether there was a List."""
    is_list = False
    while True:
        inner = [one for one in get_args(annotation) if one is not type(None)]
        if get_origin(annotation) is list:
            is_list = True
        elif hasattr(annotation, "__metadata__") or not inner:
            return annotation, is_list
        annotation = inner[0]


def _type_of(annotation: Any) -> tuple[str, bool]:
    if annotation is bool:
        return "boolean", True
    if hasattr(annotation, "__metadata__"):
        names = [getattr(one, "__visit_name__", None) for one in annotation.__metadata__]
        # Only UUIDs are described by pydantic alone.
        return next(filter(None, names), "uuid"), True
    return annotation.__name__.removesuffix("Type"), False


def _as_in_r4(elements: list[Element]) -> list[Element]:
    """Open choices (`value[x]` of any type) as R4 has them: with Meta, without R4B's new types."""
    sizes: dict[str | None, int] = {}
    for element in elements:
        sizes[element.choice] = sizes.get(element.choice, 0) + 1
    result = []
    for element in elements:
        is_open = element.choice is not None and sizes[element.choice] > _MANY
        if is_open and element.type in _ADDED_BY_R4B:
            continue
        result.append(element)
        if is_open and element.type == "Money":
            result.append(_meta_of(element))
    return result


def _meta_of(money: Element) -> Element:
    return Element(
        name=money.name.removesuffix("Money") + "Meta",
        type="Meta",
        is_primitive=False,
        is_list=False,
        is_required=False,
        codes=None,
        choice=money.choice,
        choice_is_required=money.choice_is_required,
    )

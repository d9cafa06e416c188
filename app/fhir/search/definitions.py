"""The definitions of R4's search parameters, for every type that is searched.

Left out: `_text`, `_content`, `_query`, `_list` and `_filter`; `Location.near`, which needs
distances; and those of Patient that have no expression, or one that is only an example.
http://hl7.org/fhir/R4/searchparameter-registry.html
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any


class ParameterType(StrEnum):
    """How a parameter's values are written and compared: http://hl7.org/fhir/search-param-type."""

    NUMBER = "number"
    DATE = "date"
    STRING = "string"
    TOKEN = "token"  # noqa: S105  a kind of parameter, no secret
    REFERENCE = "reference"
    COMPOSITE = "composite"
    QUANTITY = "quantity"
    URI = "uri"


@dataclass(frozen=True, slots=True)
class Component:
    """One part of a composite: the parameter it is written like, and where its value stands."""

    code: str
    expression: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """One search parameter of one type.

    `elements` are the types of the elements that its expression leads to; `targets` the types that
    a reference may lead to, empty for any; `systems` those that a bare code of R4 implies.
    """

    code: str
    type: ParameterType
    expression: str
    url: str
    elements: frozenset[str]
    targets: frozenset[str] = frozenset()
    systems: frozenset[str] = frozenset()
    components: tuple[Component, ...] = ()

    @property
    def is_sortable(self) -> bool:
        """Whether resources can be ordered by it: of tokens, only by R4's own codes."""
        if self.type is ParameterType.TOKEN:
            return self.elements <= {"code", "boolean"}
        return self.type is not ParameterType.COMPOSITE

    def may_lead_to(self, type: str) -> bool:
        """Whether a reference of this parameter may lead to a resource of this type."""
        return self.type is ParameterType.REFERENCE and (not self.targets or type in self.targets)


# Rows of the audit: they are found by themselves, and nothing is found by way of them.
_BY_THEMSELVES = frozenset({"AuditEvent"})


def searchable_types() -> frozenset[str]:
    """Every type that is searched by the index of resources."""
    return frozenset(_all()) - _BY_THEMSELVES


def parameters_of(type: str) -> Mapping[str, Parameter]:
    """The search parameters of a type by their codes, those of every type among them."""
    return _all().get(type, MappingProxyType({}))


@cache
def _all() -> Mapping[str, Mapping[str, Parameter]]:
    text = resources.files(__package__).joinpath("parameters.json").read_text(encoding="utf-8")
    document = json.loads(text)
    return MappingProxyType(
        {
            type: MappingProxyType(
                {row["code"]: _parameter(row, type) for row in (*document["common"], *rows)}
            )
            for type, rows in document["types"].items()
        }
    )


def _parameter(row: Mapping[str, Any], type: str) -> Parameter:
    return Parameter(
        code=row["code"],
        type=ParameterType(row["type"]),
        expression=row["expression"].replace("Resource.", f"{type}."),
        url=row["url"],
        elements=frozenset(row["elements"]),
        targets=frozenset(row.get("target", ())) - {"*"},
        systems=frozenset(row.get("systems", ())),
        components=tuple(
            Component(each["code"], each["expression"]) for each in row.get("component", ())
        ),
    )

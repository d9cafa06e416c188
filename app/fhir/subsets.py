"""Parts of a resource: what a search or a read asks for by `_summary` and `_elements`.

What is left out is cut from the stored text; what stays keeps its bytes.
http://hl7.org/fhir/R4/search.html#summary, http://hl7.org/fhir/R4/search.html#elements
"""

from collections.abc import Callable, Iterable
from enum import StrEnum
from functools import cache
from typing import Any

from app.fhir import json_text
from app.fhir.documents import Document
from app.fhir.validation.schema import definition, is_resource_type

_SUBSETTED = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
    "display": "Resource encoded in summary mode",
}
# Without these a part could not be told from another resource, or be read wrongly.
_ALWAYS = frozenset({"resourceType", "id", "meta", "implicitRules", "modifierExtension"})


class Summary(StrEnum):
    """The values of `_summary`."""

    TRUE = "true"
    TEXT = "text"
    DATA = "data"
    COUNT = "count"
    FALSE = "false"


def part_of(text: str, summary: Summary | None, elements: Iterable[str] = ()) -> str:
    """The part of a resource that is asked for, tagged SUBSETTED; all of it where all is asked for.

    Mandatory elements stay in every part but the summary, which R4 defines itself. `_summary` wins
    over `_elements`.
    """
    wanted = frozenset(elements)
    if summary in {Summary.FALSE, Summary.COUNT} or (summary is None and not wanted):
        return text
    type = str(json_text.parsed(json_text.member(text, "resourceType") or '""'))
    if not is_resource_type(type):
        return text
    if summary is Summary.TRUE:
        return _summarized(text, type)
    if summary is Summary.TEXT:
        return _cut(text, lambda name: name == "text" or name in _mandatory(type))
    if summary is Summary.DATA:
        return _cut(text, lambda name: name != "text")
    return _cut(text, lambda name: name in wanted or name in _mandatory(type))


def _cut(text: str, is_kept: Callable[[str], bool]) -> str:
    document = json_text.parsed(text)
    members: dict[str, str | None] = {
        name: None
        for name in document
        if name not in _ALWAYS and not is_kept(name.removeprefix("_"))
    }
    members["meta"] = json_text.write(_tagged(document.get("meta", {})))
    return json_text.replaced(text, members)


def _tagged(meta: Document) -> Document:
    return meta | {"tag": [*meta.get("tag", ()), _SUBSETTED]}


def _summarized(text: str, type: str) -> str:
    cut = _cut(text, lambda name: name in _summary_of(type))
    inside = {
        name: json_text.write(
            _inner(json_text.parsed(json_text.member(cut, name) or "null"), name, type)
        )
        for name in json_text.parsed(cut)
        if name in _partial(type)
    }
    return json_text.replaced(cut, inside) if inside else cut


def _inner(value: Any, name: str, type: str) -> Any:
    """A backbone element of a summary with only those of its elements that belong to one."""
    if isinstance(value, list):
        return [_inner(entry, name, type) for entry in value]
    kept = _partial(type)[name]
    return {each: content for each, content in value.items() if each.removeprefix("_") in kept}


@cache
def _mandatory(type: str) -> frozenset[str]:
    return frozenset(
        each.name
        for each in definition(type).elements
        if each.is_required or each.choice_is_required
    )


@cache
def _summary_of(type: str) -> frozenset[str]:
    return frozenset(each.name for each in definition(type).elements if each.is_summary)


@cache
def _partial(type: str) -> dict[str, frozenset[str]]:
    """The backbone elements of a summary of which only some elements belong to it."""
    found = {}
    for each in definition(type).elements:
        is_backbone = each.is_summary and not each.is_primitive and each.type.startswith(type)
        if is_backbone and (kept := _summary_of(each.type) - {"id", "modifierExtension"}):
            found[each.name] = kept | {"id", "modifierExtension"}
    return found

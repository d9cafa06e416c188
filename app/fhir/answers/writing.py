"""What every answer of the payer is written from: who asks, who answers, what may be carried over.

http://hl7.org/fhir/R4/references.html#contained, http://hl7.org/fhir/R4/narrative.html
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any

from app.domain.references import Identifier
from app.fhir.documents import Document, contained, identifiers_of

# XML 1.0 has no way to write these; an adjudicator's sentence may hold any character.
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Answering:
    """One answer: the request it answers, the payer, its own identifier, when it is created.

    `request_reference` is the request's literal reference under our base, `created` has a zone.
    """

    request: Document
    request_reference: str
    payer_name: str
    payer_identifier: Identifier | None
    identifier: Identifier
    created: datetime


def head(answering: Answering, type_: str, narrative: Document) -> Document:
    """What each answer begins with."""
    return {
        "resourceType": type_,
        **labelled(answering.request),
        "text": narrative,
        "identifier": [identifier_document(answering.identifier)],
        "status": "active",
    }


def labelled(request: Mapping[str, Any]) -> Document:
    """The element meta with the security labels of a request; nothing without one."""
    labels = request.get("meta", {}).get("security")
    return {"meta": {"security": labels}} if labels else {}


def parties(answering: Answering, sender: str) -> Document:
    """The patient, when it is answered, by whom, and to whom; `sender` names the element."""
    request = answering.request
    provider = request.get("provider")
    return filled(
        patient=detached(request["patient"], request),
        created=answering.created.isoformat(timespec="seconds"),
        insurer=insurer_of(answering),
        **{sender: provider and detached(provider, request)},
    )


def request_of(answering: Answering) -> Document:
    """The reference to the request, with its sender's own identifier where it has one."""
    identifier = next(iter(identifiers_of(answering.request)), None)
    return filled(
        reference=answering.request_reference,
        type=answering.request["resourceType"],
        identifier=identifier and identifier_document(identifier),
    )


def insurer_of(answering: Answering) -> Document:
    """The payer, as the request names it, else by its own identifier and name."""
    named = answering.request.get("insurer")
    if named is not None:
        told: Document = detached(named, answering.request)
        return told
    identifier = answering.payer_identifier
    return filled(
        type="Organization",
        identifier=identifier and identifier_document(identifier),
        display=answering.payer_name,
    )


def identifier_document(identifier: Identifier) -> Document:
    """An Identifier element."""
    return filled(system=identifier.system, value=identifier.value)


def filled(**elements: Any) -> Document:
    """The elements that have a value: R4 knows no null and no empty string, list or object."""
    # False and 0 are values; asked first is what nearly all are.
    return {
        name: value
        for name, value in elements.items()
        if value or (value is not None and not isinstance(value, (str, list, dict)))
    }


def detached(value: Any, request: Document) -> Any:
    """A part of the request as it can stand in another resource; not to be changed.

    A reference to a contained resource becomes its type and first identifier, or its name.
    """
    # Only what is contained is referred to so, and most requests contain nothing.
    return _detached(value, request) if "contained" in request else value


def _detached(value: Any, request: Document) -> Any:
    if isinstance(value, list):
        return [_detached(each, request) for each in value]
    if not isinstance(value, dict):
        return value
    address = value.get("reference")
    if isinstance(address, str) and address.startswith("#"):
        return _told(value, request)
    return {name: _detached(each, request) for name, each in value.items()}


def _told(reference: Mapping[str, Any], request: Document) -> Document:
    target = contained(request, reference) or {}
    identifier = next(iter(identifiers_of(target)), None)
    type_ = target.get("resourceType", reference.get("type"))
    display = reference.get("display") or _name(target)
    if identifier is None and not display:
        # Neither is known, and a Reference that says nothing is not one.
        display = f"{type_ or 'Resource'} contained in {request['resourceType']}"
    return filled(
        type=type_,
        identifier=identifier and identifier_document(identifier),
        display=display,
    )


def _name(resource: Mapping[str, Any]) -> str | None:
    """What a person calls the resource: the name of an organization, person or place."""
    name = resource.get("name")
    if isinstance(name, str):
        return name
    if not isinstance(name, list):
        return None
    first = name[0]
    parts = [*first.get("given", []), first.get("family", "")]
    text: str = first.get("text") or " ".join(part for part in parts if part)
    return text or None


def narrative(sentence: str, facts: Iterable[str] = (), tables: str = "") -> Document:
    """A generated narrative: one sentence, then a list of facts; both are plain text.

    `tables` is what `table` made.
    """
    items = "".join(f"<li>{_xhtml(fact)}</li>" for fact in facts)
    facts_list = f"<ul>{items}</ul>" if items else ""
    content = f"<p>{_xhtml(sentence)}</p>{facts_list}{tables}"
    div = f'<div xmlns="http://www.w3.org/1999/xhtml">{content}</div>'
    return {"status": "generated", "div": div}


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table for a narrative; heads and cells are plain text. Empty without a row."""
    body = "".join(f"<tr>{_cells('td', row)}</tr>" for row in rows)
    head = f"<thead><tr>{_cells('th', heads)}</tr></thead>"
    return f"<table>{head}<tbody>{body}</tbody></table>" if body else ""


def _cells(element: str, texts: Sequence[str]) -> str:
    return "".join(f"<{element}>{_xhtml(text)}</{element}>" for text in texts)


def _xhtml(text: str) -> str:
    # What can be printed is XML.
    return escape(text if text.isprintable() else _NOT_XML.sub("", text), quote=False)


def name_of(request: Document) -> str:
    """What a person calls the request: its type and own identifier."""
    identifier = next(iter(identifiers_of(request)), None)
    return (
        f"{request['resourceType']} {identifier.value}" if identifier else request["resourceType"]
    )

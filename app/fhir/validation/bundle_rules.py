"""The invariants of Bundle: http://hl7.org/fhir/R4/bundle-definitions.html."""

from typing import Any

from app.domain.issues import ErrorCode
from app.fhir.validation.problems import Problem, Problems, Rule

_Object = dict[str, Any]
_WITH_REQUESTS = frozenset(("batch", "transaction", "history"))
_WITH_RESPONSES = frozenset(("batch-response", "transaction-response", "history"))


def _broken(text: str, path: str = "") -> list[Problem]:
    return [(path, ErrorCode.INVARIANT, text)]


def _requests_and_responses(bundle: _Object) -> Problems:
    kind = bundle.get("type")
    problems = []
    for name, kinds, rule in (
        ("request", _WITH_REQUESTS, "bdl-3"),
        ("response", _WITH_RESPONSES, "bdl-4"),
    ):
        wanted = kind in kinds
        word = "mandatory" if wanted else "not allowed"
        text = f"{rule}: in a Bundle of this type a {name} is {word}."
        for index, entry in enumerate(bundle.get("entry", ())):
            if (name in entry) != wanted:
                problems += _broken(text, f".entry[{index}].{name}")
    return problems or None


def _full_urls(bundle: _Object) -> Problems:
    if bundle.get("type") == "history":
        return None
    seen = set()
    problems = []
    for index, entry in enumerate(bundle.get("entry", ())):
        if "fullUrl" in entry:
            meta = entry.get("resource", {}).get("meta", {})
            key = (entry["fullUrl"], meta.get("versionId"))
            if key in seen:
                text = "bdl-7: the same fullUrl means the same version of the same resource."
                problems += _broken(text, f".entry[{index}].fullUrl")
            seen.add(key)
    return problems or None


def _searches(bundle: _Object) -> Problems:
    kind = bundle.get("type")
    problems = []
    if "total" in bundle and kind not in ("searchset", "history"):
        problems += _broken("bdl-1: only a search or a history has a total.", ".total")
    if kind != "searchset":
        text = "bdl-2: only the entries of a search have a search element."
        for index, entry in enumerate(bundle.get("entry", ())):
            if "search" in entry:
                problems += _broken(text, f".entry[{index}].search")
    return problems or None


def _first_type(bundle: _Object) -> str | None:
    entries = bundle.get("entry") or [{}]
    name = entries[0].get("resource", {}).get("resourceType")
    return name if isinstance(name, str) else None


def _documents(bundle: _Object) -> Problems:
    problems = []
    if bundle.get("type") == "document":
        identifier = bundle.get("identifier", {})
        if "system" not in identifier or "value" not in identifier:
            text = "bdl-9: a document has an identifier with system and value."
            problems += _broken(text, ".identifier")
        if "timestamp" not in bundle:
            problems += _broken("bdl-10: a document has a date.", ".timestamp")
        if _first_type(bundle) != "Composition":
            problems += _broken("bdl-11: a document starts with a Composition.", ".entry[0]")
    if bundle.get("type") == "message" and _first_type(bundle) != "MessageHeader":
        problems += _broken("bdl-12: a message starts with a MessageHeader.", ".entry[0]")
    return problems or None


def _entry(entry: _Object) -> Problems:
    problems = []
    if entry.keys().isdisjoint(("resource", "request", "response")):
        problems += _broken("bdl-5: an entry has a resource, a request or a response.")
    if "/_history/" in entry.get("fullUrl", ""):
        problems += _broken("bdl-8: a fullUrl names no version.", ".fullUrl")
    return problems or None


BUNDLE_RULES: dict[str, tuple[Rule, ...]] = {
    "Bundle": (_requests_and_responses, _full_urls, _searches, _documents),
    "BundleEntry": (_entry,),
}

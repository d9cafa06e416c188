"""What the plan profile defines: an extension that looks like ours and is none of ours is a slip.

Docs: docs/reference-data.md.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from app.domain.canonical import extension
from app.domain.issues import ErrorCode, Issue
from app.fhir.documents import Document
from app.fhir.plans import (
    AUTHORIZATION_REQUIRED,
    COORDINATION,
    LIMIT_PER,
    LIMIT_PERIOD,
    LIMIT_SERVICE,
    LIMIT_SEX,
    TIMELY_FILING,
    WAITING_PERIOD,
)
from app.fhir.prices import ATTACHMENT_REQUIRED, BENEFIT_CATEGORY

_OURS = extension("")
_DEFINED = frozenset(
    {
        AUTHORIZATION_REQUIRED,
        COORDINATION,
        TIMELY_FILING,
        WAITING_PERIOD,
        LIMIT_PER,
        LIMIT_PERIOD,
        LIMIT_SERVICE,
        LIMIT_SEX,
        ATTACHMENT_REQUIRED,
        BENEFIT_CATEGORY,
    }
)


def unknown_extensions(document: Document) -> list[Issue]:
    """One issue for each extension under our canonical base that the profile does not define."""
    return [
        Issue(ErrorCode.PLAN_PROFILE, f"The profile defines no extension {url}.", where)
        for where, url in _extensions(document, document["resourceType"])
        if url.startswith(_OURS) and url not in _DEFINED
    ]


def _extensions(value: Any, where: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for index, each in enumerate(value):
            yield from _extensions(each, f"{where}[{index}]")
    if not isinstance(value, Mapping):
        return
    for name, each in value.items():
        if name == "extension":
            yield from ((f"{where}.extension[{n}]", one["url"]) for n, one in enumerate(each))
        yield from _extensions(each, f"{where}.{name}")

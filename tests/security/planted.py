"""A marker that stands for health information: planted everywhere, found however it is spelled."""

import base64
import json
from typing import Any
from urllib.parse import quote, quote_plus

MARKER = "zzmärk er/zz"
# For where a header or a path takes no other letters.
PLAIN = "zzmarkerzz"


def spellings() -> set[str]:
    """The markers as a log, a driver or a library may spell them."""
    found = set()
    for marker in (MARKER, PLAIN):
        raw = marker.encode()
        found |= {
            marker,
            json.dumps(marker)[1:-1],
            ascii(marker)[1:-1],
            quote(marker),
            quote(marker, safe=""),
            quote_plus(marker),
            raw.hex(),
            raw.decode("latin-1"),
        }
        for shift in range(3):
            # What stands before it moves the letters; the outermost are of something else, too.
            told = base64.b64encode(b"\0" * shift + raw).decode().rstrip("=")
            found.add(told[-(-shift * 8 // 6) : -1])
    return found


def found_in(*texts: str) -> list[str]:
    """The places of a marker: what is around each."""
    hits = []
    for text in texts:
        for spelling in spellings():
            at = text.find(spelling)
            if at >= 0:
                hits.append(text[max(0, at - 200) : at + 100])
    return hits


def planted(document: Any, *, names: bool = True) -> Any:
    """The document with the marker as every string, and with `names` as an element's name, too."""
    if isinstance(document, dict):
        return {
            name: value if name == "resourceType" else planted(value, names=names)
            for name, value in document.items()
        } | ({PLAIN: MARKER} if names else {})
    if isinstance(document, list):
        return [planted(one, names=names) for one in document]
    return MARKER if isinstance(document, str) else document


def one_by_one(document: Any) -> list[Any]:
    """The document once for each string in it, with the marker there alone."""
    if isinstance(document, dict):
        return [
            {**document, name: changed}
            for name, value in document.items()
            if name != "resourceType"
            for changed in one_by_one(value)
        ]
    if isinstance(document, list):
        return [
            [*document[:at], changed, *document[at + 1 :]]
            for at, value in enumerate(document)
            for changed in one_by_one(value)
        ]
    return [f"{document} {MARKER}"] if isinstance(document, str) else []

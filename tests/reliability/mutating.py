"""Bodies that are wrong somewhere, at three levels: bytes, the JSON tree, and what FHIR means.

Repeatable: the same seed gives the same bodies.
"""

import copy
import random
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from app.fhir import json_text
from tests.fhir import mutations

LONG = "x" * 70_000
DEEP = 300
MANY = 3_000


class Body(NamedTuple):
    """A body, and what was done to it where; it need not be wrong."""

    change: str
    content: bytes


class _Place(NamedTuple):
    holder: Any
    key: Any
    path: str

    @property
    def value(self) -> Any:
        return self.holder[self.key]


def mutated(document: Any, chance: random.Random) -> Body:
    """One mutant of a document, at a level that chance picks."""
    level = chance.choice((_of_bytes, _of_the_tree, _of_the_meaning, _of_the_meaning))
    return level(document, chance)


def mutated_bytes(content: bytes, chance: random.Random) -> Body:
    """Bytes that differ in one place."""
    change = chance.choice(BYTES)
    at = chance.randrange(len(content) + 1)
    return Body(f"{change.__name__} at {at}", change(content, at, chance))


def _of_bytes(document: Any, chance: random.Random) -> Body:
    return mutated_bytes(json_text.write(document).encode(), chance)


def _of_the_tree(document: Any, chance: random.Random) -> Body:
    mutant = copy.deepcopy(document)
    place = chance.choice(list(_places(mutant)))
    change = chance.choice((*mutations.CHANGES, *TREE))
    change(place.holder, place.key)
    return Body(f"{change.__name__} {place.path}", json_text.write(mutant).encode())


def _of_the_meaning(document: Any, chance: random.Random) -> Body:
    """Another value where one of this meaning stands: a reference, a code, a date, an id, …."""
    mutant = copy.deepcopy(document)
    known = [(place, values) for place in _places(mutant) if (values := _meant(place))]
    if not known:
        return _of_the_tree(document, chance)
    place, values = chance.choice(known)
    value = chance.choice(values)
    place.holder[place.key] = value
    # Nothing of this is sent in a message of a failed test: bodies are made up.
    return Body(f"{place.path} = {str(value)[:40]!r}", json_text.write(mutant).encode())


def _places(value: Any, path: str = "") -> Iterator[_Place]:
    items: Iterator[tuple[Any, Any]] = iter(())
    if isinstance(value, dict):
        items = iter(value.items())
    elif isinstance(value, list):
        items = iter(enumerate(value))
    for key, content in items:
        below = f"{path}[{key}]" if isinstance(value, list) else f"{path}.{key}"
        yield _Place(value, key, below)
        yield from _places(content, below)


# --- bytes


def cut(content: bytes, at: int, chance: random.Random) -> bytes:
    return content[:at]


def drop(content: bytes, at: int, chance: random.Random) -> bytes:
    return content[:at] + content[at + chance.randrange(1, 9) :]


def flip(content: bytes, at: int, chance: random.Random) -> bytes:
    return content[:at] + bytes([chance.randrange(256)]) + content[at + 1 :]


def insert(content: bytes, at: int, chance: random.Random) -> bytes:
    return content[:at] + chance.choice(INSERTED) + content[at:]


def double(content: bytes, at: int, chance: random.Random) -> bytes:
    return content[:at] + content[max(0, at - 40) :]


INSERTED = (
    b"\x00", b"\xff", b"\xef\xbb\xbf", b"\\u0000", b"\\ud800", b'"', b"{", b"}", b"[", b",", b"/*",
    b"NaN", b"1e999", b"\xc0\xaf", b"\r\n", b"%00", b"&", b"=",
)  # fmt: skip
BYTES: tuple[Callable[[bytes, int, random.Random], bytes], ...] = (cut, drop, flip, insert, double)


# --- the tree


def swap(holder: Any, key: Any) -> None:
    """Exchange two values that stand beside each other."""
    keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
    other = keys[(keys.index(key) + 1) % len(keys)]
    holder[key], holder[other] = holder[other], holder[key]


def nest(holder: Any, key: Any) -> None:
    for index in range(DEEP):
        holder[key] = [holder[key]] if index % 2 else {"extension": holder[key]}


def wrap(holder: Any, key: Any) -> None:
    holder[key] = {"extension": [{"url": "http://x.test", "valueString": "x"}]}


def lengthen(holder: Any, key: Any) -> None:
    holder[key] = LONG


def multiply(holder: Any, key: Any) -> None:
    holder[key] = [holder[key]] * MANY


def enlarge(holder: Any, key: Any) -> None:
    holder[key] = Decimal("1" + "0" * 40)


def itself(holder: Any, key: Any) -> None:
    holder[key] = copy.deepcopy(holder)


TREE: tuple[Callable[[Any, Any], None], ...] = (
    swap, nest, wrap, lengthen, multiply, enlarge, itself,
)  # fmt: skip


# --- the meaning

_IDS = ("", "a b", "../..", "x" * 65, "x" * 64, "none", "é", "%00", 7)
_REFERENCES = (
    "#", "#none", "Claim/none", "Patient/", "/Patient/1", "Patient/1/_history/0", "?", "Patient?",
    "Patient?identifier=", "Patient?identifier=a|b", "Patient?_id=1&_id=2", "Patient?nonsense=1",
    "Nothing?x=1", "Patient?birthdate=never", "../Task/1", "urn:uuid:1", "urn:oid:x",
    "urn:uuid:0b7ce9d4-6d4e-4d5c-8e49-1f3f2b9f7a99", "http://elsewhere.test/fhir/Patient/1",
    "http://gateway.test/fhir/r4/Patient/none", "http://gateway.test/fhir/r4", "http://[::1",
    "Patient/%2e%2e", "Patient/" + "x" * 65, "Task/a\u0000", LONG,
)  # fmt: skip
_CODES = ("x", "ACTIVE", " active", "active ", "", "draft", "cancelled", "entered-in-error", "a\tb",
          "completed", "requested", "preauthorization", "\u0000", "é" * 50, 1, True)  # fmt: skip
_DATES = (
    "0001", "9999", "0000", "2026-00", "2026-13-01", "2026-02-30", "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-12:00", "2026-03-02T24:00:00Z", "2026-03-02T23:59:60Z", "2026-03-02T10:00",
    "2026-03-02T10:00:00", "2026-03-02T10:00:00.123456789123Z", "2026-3-2", "tomorrow", 2026,
)  # fmt: skip
_NUMBERS = (0, -1, 1, 2, 99, 2**31 - 1, 2**31, 2**63, 2**64, Decimal("1.5"), Decimal("1E-30"),
            Decimal("1E+30"), Decimal("-0.00"), "1", Decimal("0.1") * 3)  # fmt: skip
_URLS = (
    "", "/", "?", "..", "metadata", "_history", "$validate", "Patient/$validate", "Claim/$submit",
    "Patient", "Patient/", "Patient?", "Patient?identifier", "Patient?identifier=a|b",
    "Patient?_count=x", "Patient/1/_history/1", "Patient/none", "Nothing/1", "/Patient/none",
    "http://elsewhere.test/Patient/1", "http://gateway.test/fhir/r4/Patient/none", "Patient/%00",
    "Patient/1?_x=1", "Task", "Bundle", "Patient?" + "a" * 5000, "Claim?patient.x.y.z=1", "é",
)  # fmt: skip
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "get", "TRACE", "")
_BUNDLES = ("batch", "transaction", "collection", "message", "document", "history", "x")
_POINTERS = (
    "", "/", "/-", "/id", "/meta", "/meta/versionId", "/resourceType", "/name/99", "/name/-1",
    "/name/-", "/name/01", "/~2", "/~", "name", "/name/0/family/x", "/é", 1,
)  # fmt: skip
_OPERATIONS = ("add", "remove", "replace", "move", "copy", "test", "ADD", "", "merge")
_CONDITIONS = ("", "*", "1", 'W/"1"', 'W/"99"', 'W/""', "W/x", "identifier=a|b", "x=1", "?", LONG)

_BY_KEY: dict[str, tuple[Any, ...]] = {
    "reference": _REFERENCES,
    "fullUrl": _REFERENCES,
    "id": _IDS,
    "method": _METHODS,
    "op": _OPERATIONS,
    "from": _POINTERS,
    "ifMatch": _CONDITIONS,
    "ifNoneMatch": _CONDITIONS,
    "ifNoneExist": _CONDITIONS,
    "resourceType": ("Patient", "Claim", "Task", "Bundle", "Binary", "Nothing", "", "patient"),
    **dict.fromkeys(("url", "system", "valueUri", "fullUrl"), (*_URLS, *_REFERENCES)),
    **dict.fromkeys(("code", "status", "use", "intent", "gender", "priority"), _CODES),
    **dict.fromkeys(("outcome", "valueCode", "currency", "mode", "purpose"), _CODES),
    **dict.fromkeys(("value", "family", "text", "div", "display"), (*_IDS, *_CODES, LONG)),
}


def _meant(place: _Place) -> tuple[Any, ...]:
    """Other values for a place, by its name or by how its value looks; none if it says nothing."""
    value, key = place.value, place.key
    if key == "type" and value in _BUNDLES:
        return _BUNDLES
    if key == "path" and isinstance(value, str):
        return _POINTERS
    if key in _BY_KEY and isinstance(value, str):
        return _BY_KEY[key]
    if isinstance(value, str) and value[:4].isdigit() and value[4:5] in {"", "-"}:
        return _DATES
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return _NUMBERS
    return ()

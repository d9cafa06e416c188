"""JSON as text: the strict gate for what comes in, and splicing that keeps what was received.

http://hl7.org/fhir/R4/json.html
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple, NoReturn

import msgspec

from app.domain.issues import ErrorCode, Issue, Unacceptable

MAX_DEPTH = 64
MAX_TOKENS = 200_000
MAX_ARRAY_ENTRIES = 10_000
# http://hl7.org/fhir/R4/datatypes.html#string
MAX_STRING_CHARACTERS = 1_048_576
MAX_NUMBER_CHARACTERS = 40
MAX_EXPONENT = 30

_BOM = b"\xef\xbb\xbf"
_NOT_STRUCTURE = bytes(set(range(256)) - set(b'{}[]"'))
_ONE_BRACKET = bytes.maketrans(b"[]", b"{}")
# Each key, value and bracket that opens has one of these of its own, give or take the first.
_SEPARATORS = (b",", b":", b"{", b"[")
_ESCAPE = re.compile(rb"\\.", re.DOTALL)
_STRING = re.compile(rb'"[^"]*"')
_BAD_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|u(?P<bad>0000|[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)


def read(body: bytes, limit: int) -> dict[str, Any]:
    """The document in a body of at most `limit` bytes, with exact numbers (int or Decimal).

    Everything security asks of a body before it is FHIR is checked here, cheapest first. Any
    failure is `Unacceptable` with one issue; nothing else is raised.
    """
    document = _read(body, limit)
    if not isinstance(document, dict):
        _refuse(ErrorCode.WRONG_TYPE, "The body is not a JSON object.")
    return document


def read_array(body: bytes, limit: int) -> list[Any]:
    """As `read`, for a body that is an array."""
    entries = _read(body, limit)
    if not isinstance(entries, list):
        _refuse(ErrorCode.WRONG_TYPE, "The body is not a JSON array.")
    return entries


def _read(body: bytes, limit: int) -> Any:
    if len(body) > limit:
        _refuse(ErrorCode.BODY_TOO_LARGE, f"The body has more than {limit} bytes.")
    text = _text(body)
    _bound_structure(body)
    try:
        document = _decode(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        _refuse(ErrorCode.NOT_JSON, f"The body is not JSON at {where}.")
    except (RecursionError, MemoryError):
        _refuse(ErrorCode.TOO_COMPLEX, "The body is too complex to be read.")
    except ValueError:
        _refuse(ErrorCode.NOT_JSON, "The body is not JSON.")
    # Shorter bodies cannot hold what these limits forbid.
    if len(text) > MAX_STRING_CHARACTERS or body.count(b",") >= MAX_ARRAY_ENTRIES:
        _bound_contents(document)
    return document


def parsed(text: str) -> Any:
    """The value in a text that passed the gate before: exact numbers, nothing checked again."""
    return json.loads(text, parse_float=Decimal)


def write(document: Any) -> str:
    """Compact JSON with every Decimal as it is written (`Decimal("100.00")` is 100.00).

    A ValueError if a number is not finite: JSON has no such numbers.
    """
    text = _encoder.encode(document).decode()
    if ("NaN" in text or "Infinity" in text) and not _is_finite(document):
        raise ValueError("JSON has no such number")
    return text


def indented(text: str) -> str:
    """The same for people to read, every number as it was."""
    return msgspec.json.format(text, indent=2)


def member(text: str, name: str) -> str | None:
    """The JSON text of one top-level member, or None; `text` must have passed `read`."""
    found = _top_level.decode(text).get(name)
    return None if found is None else bytes(found).decode()


def replaced(text: str, members: Mapping[str, str | None]) -> str:
    """The object with these members set to JSON text, or dropped (None); the rest byte for byte.

    What is new goes right after `resourceType`, or to the front where there is none.
    """
    data = text.encode()
    return _spliced(data, list(_members(data)), members).decode()


def stamped(text: str, resource_id: str, version: int, last_updated: datetime) -> str:
    """The resource with the server's id, meta.versionId and meta.lastUpdated; the rest as it was.

    `last_updated` is aware UTC. What else the client's meta holds keeps its exact text. See
    http://hl7.org/fhir/R4/http.html#create
    """
    owned: dict[str, str | None] = {
        "versionId": f'"{version}"',
        "lastUpdated": f'"{instant(last_updated)}"',
    }
    data = text.encode()
    found = list(_members(data))
    received = next((data[one.value : one.end] for one in found if one.name == "meta"), b"{}")
    owned |= {"_versionId": None, "_lastUpdated": None}
    meta = _spliced(received, list(_members(received)), owned).decode()
    return _spliced(data, found, {"id": f'"{resource_id}"', "meta": meta, "_id": None}).decode()


def instant(moment: datetime) -> str:
    """An aware time as a FHIR instant in UTC with milliseconds: `2026-03-01T09:30:00.000Z`."""
    if moment.tzinfo is None:
        raise ValueError("an instant has a zone")
    utc = moment.astimezone(UTC).replace(tzinfo=None)
    return utc.isoformat(timespec="milliseconds") + "Z"


def _is_finite(value: object) -> bool:
    if isinstance(value, Mapping):
        return all(map(_is_finite, value.values()))
    if isinstance(value, (list, tuple)):
        return all(map(_is_finite, value))
    return not isinstance(value, Decimal) or value.is_finite()


_encoder = msgspec.json.Encoder(decimal_format="number")


def _refuse(error: ErrorCode, text: str) -> NoReturn:
    # `from None`: the parser's own message may quote the content.
    raise Unacceptable(Issue(error, text)) from None


def _text(body: bytes) -> str:
    if body.startswith(_BOM):
        _refuse(ErrorCode.NOT_JSON, "The body starts with a byte order mark.")
    try:
        text = body.decode()
    except UnicodeDecodeError:
        _refuse(ErrorCode.NOT_JSON, "The body is not UTF-8.")
    if "\0" in text:
        _refuse(ErrorCode.NOT_JSON, "The body holds a NUL character.")
    if "\\u" in text and any(found["bad"] for found in _BAD_ESCAPE.finditer(text)):
        _refuse(ErrorCode.NOT_JSON, "The body escapes a NUL character or half a surrogate pair.")
    return text


def _bound_structure(body: bytes) -> None:
    """Depth and number of tokens, counted before the parser recurses; strings do not count."""
    plain = _ESCAPE.sub(b"", body) if b"\\" in body else body
    if len(plain) > MAX_TOKENS and sum(map(plain.count, _SEPARATORS)) > MAX_TOKENS:
        plain = _STRING.sub(b"", plain)
        if sum(map(plain.count, _SEPARATORS)) > MAX_TOKENS:
            _refuse(ErrorCode.TOO_COMPLEX, f"The body has more than {MAX_TOKENS} tokens.")
    structure = plain.translate(_ONE_BRACKET, _NOT_STRUCTURE).replace(b'""', b"")
    if b'"' in structure:  # a string holds brackets
        structure = _STRING.sub(b"", structure)
    for _ in range(MAX_DEPTH):
        # One round takes the innermost level away; what never closes is left to the parser.
        structure, before = structure.replace(b"{}", b""), structure
        if structure == before and len(structure) <= MAX_DEPTH:
            return
    if structure:
        _refuse(ErrorCode.TOO_COMPLEX, f"The body is nested deeper than {MAX_DEPTH} levels.")


def _bound_contents(document: Any) -> None:
    waiting: list[Any] = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(value.values())
            waiting.extend(value)
        elif isinstance(value, list):
            if len(value) > MAX_ARRAY_ENTRIES:
                limit = f"{MAX_ARRAY_ENTRIES} entries"
                _refuse(ErrorCode.TOO_COMPLEX, f"An array has more than {limit}.")
            waiting.extend(value)
        elif isinstance(value, str) and len(value) > MAX_STRING_CHARACTERS:
            limit = f"{MAX_STRING_CHARACTERS} characters"
            _refuse(ErrorCode.TOO_COMPLEX, f"A string has more than {limit}.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        _refuse(ErrorCode.DUPLICATE_KEY, "An object has the same property twice.")
    return members


def _integer(digits: str) -> int:
    if len(digits) > MAX_NUMBER_CHARACTERS:
        _refuse(ErrorCode.NUMBER_RANGE, f"A number has more than {MAX_NUMBER_CHARACTERS} digits.")
    return int(digits)


def _decimal(digits: str) -> Decimal:
    if len(digits) <= MAX_NUMBER_CHARACTERS:
        try:
            number = Decimal(digits)
        except InvalidOperation:
            pass
        else:
            if -MAX_EXPONENT <= number.adjusted() <= MAX_EXPONENT:
                return number
    _refuse(ErrorCode.NUMBER_RANGE, "A number is longer or larger than can be kept exactly.")


def _constant(name: str) -> NoReturn:
    _refuse(ErrorCode.NOT_JSON, f"{name} is not a JSON number.")


_decode = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_float=_decimal,
    parse_int=_integer,
    parse_constant=_constant,
).decode


class _Member(NamedTuple):
    """Where one top-level member lies: its key, its value, its end."""

    name: str
    start: int
    value: int
    end: int


_KEY = re.compile(rb'[\s,{]*(?P<key>"(?:[^"\\]|\\.)*")\s*:\s*')
_top_level = msgspec.json.Decoder(dict[str, msgspec.Raw])


def _members(data: bytes) -> Iterator[_Member]:
    # msgspec finds the values at the speed of C; as they come in the order of the text, the keys
    # between them need no more than a short pattern.
    position = 0
    for name, raw in _top_level.decode(data).items():
        key = _KEY.match(data, position)
        if key is None:
            raise ValueError("the text is not a JSON object without duplicate keys")
        position = key.end() + len(memoryview(raw))
        yield _Member(name, key.start("key"), key.end(), position)


def _spliced(data: bytes, found: list[_Member], members: Mapping[str, str | None]) -> bytes:
    names = {one.name for one in found}
    fresh = [
        (b",", _member_text(name, value))
        for name, value in members.items()
        if value is not None and name not in names
    ]
    # Every member that stays, behind the separator it came with.
    kept = [] if "resourceType" in names else list(fresh)
    separator = b","
    for index, one in enumerate(found):
        if index:
            separator = data[found[index - 1].end : one.start]
        if one.name not in members:
            kept.append((separator, data[one.start : one.end]))
        elif (value := members[one.name]) is not None:
            kept.append((separator, data[one.start : one.value] + value.encode()))
        if one.name == "resourceType":
            kept.extend(fresh)
    head = data[: found[0].start] if found else b"{"
    tail = data[found[-1].end :] if found else b"}"
    first = kept[0][1] if kept else b""
    return b"".join((head, first, *(part for pair in kept[1:] for part in pair), tail))


def _member_text(name: str, value: str) -> bytes:
    return f"{json.dumps(name)}:{value}".encode()

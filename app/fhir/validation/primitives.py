"""Checkers of the primitive types: JSON type, lexical form, range.

http://hl7.org/fhir/R4/datatypes.html#primitive
"""

import binascii
import re
from collections.abc import Callable
from decimal import Decimal

from app.domain.issues import ErrorCode
from app.fhir.answers.narrative import fault_of
from app.fhir.validation import dates
from app.fhir.validation.dates import is_date, is_date_time, is_instant, is_time
from app.fhir.validation.problems import Checker, LocalReferences, Problems, mismatch, one

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_CODE = re.compile(r"\S+(?:\s\S+)*")
_OID = re.compile(r"urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+")
_UUID = re.compile(r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_WHITESPACE = re.compile(r"\s+")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:\S+|[^\s:]+(?:/\S*)?")


def string(value: object, _local: LocalReferences) -> Problems:
    """A string with something to see in it, and no control characters but tab and line ends."""
    if type(value) is str:
        if value.isprintable() and value.strip():
            return None
        if value and value.strip():
            if _CONTROL.search(value) is None:
                return None
            return one(ErrorCode.VALUE, "A string holds no control characters.")
        return one(ErrorCode.EMPTY, "A string that is empty or blank is not a value.")
    return mismatch(value, "A string")


def boolean(value: object, _local: LocalReferences) -> Problems:
    """`true` or `false`, unquoted."""
    if value is True or value is False:
        return None
    return mismatch(value, "A boolean")


def decimal(value: object, _local: LocalReferences) -> Problems:
    """A number, unquoted; `json_text.read` has bounded it."""
    kind = type(value)
    if kind is Decimal or kind is int:
        return None
    return mismatch(value, "A number")


def _integer(low: int) -> Checker:
    def integer(value: object, _local: LocalReferences) -> Problems:
        if type(value) is int:
            if low <= value <= HIGHEST:
                return None
            return one(ErrorCode.VALUE, f"An integer from {low} to {HIGHEST} is expected.")
        return mismatch(value, "An integer")

    return integer


def code(value: object, _local: LocalReferences) -> Problems:
    """A code of any system: words with single spaces between them."""
    if type(value) is str and value:
        if (value.isprintable() and " " not in value) or _CODE.fullmatch(value) is not None:
            return None
        return one(ErrorCode.VALUE, "A code has no outer or doubled spaces.")
    return mismatch(value, "A code")


def one_of(codes: frozenset[str]) -> Checker:
    """A code of a required value set."""
    some = ", ".join(sorted(codes)) if len(codes) <= 16 else f"one of {len(codes)}"
    text = f"The code is not in the required value set ({some})."

    def code(value: object, _local: LocalReferences) -> Problems:
        if type(value) is str and value:
            return None if value in codes else one(ErrorCode.CODE, text)
        return mismatch(value, "A code")

    return code


def _matching(pattern: re.Pattern[str], what: str) -> Checker:
    fullmatch = pattern.fullmatch
    text = f"The value is not {what}."

    def matching(value: object, _local: LocalReferences) -> Problems:
        if type(value) is str and value:
            return None if fullmatch(value) else one(ErrorCode.VALUE, text)
        return mismatch(value, "A string")

    return matching


def _being(predicate: Callable[[str], bool], what: str) -> Checker:
    text = f"The value is not {what}."

    def being(value: object, _local: LocalReferences) -> Problems:
        if type(value) is str and value:
            return None if predicate(value) else one(ErrorCode.VALUE, text)
        return mismatch(value, "A string")

    return being


def xhtml(value: object, _local: LocalReferences) -> Problems:
    """Markup that a narrative may hold: http://hl7.org/fhir/R4/narrative.html."""
    if type(value) is str and value:
        fault = fault_of(value)
        return None if fault is None else one(ErrorCode.NARRATIVE, fault)
    return mismatch(value, "A string")


def uri(value: object, _local: LocalReferences) -> Problems:
    """A URI: nothing blank in it; OIDs and UUIDs in their own form."""
    if type(value) is str and value:
        # Of all that is blank only the space counts as printable.
        if value.isprintable() and " " not in value and (value[:4] != "urn:" or _is_urn(value)):
            return None
        return one(ErrorCode.VALUE, "The value is not a URI.")
    return mismatch(value, "A string")


def _is_urn(value: str) -> bool:
    if value.startswith("urn:oid:"):
        return _OID.fullmatch(value) is not None
    # Senders capitalise UUIDs, which only the type uuid forbids.
    return not value.startswith("urn:uuid:") or _UUID.fullmatch(value.lower()) is not None


def _is_url(value: str) -> bool:
    return uri(value, []) is None and _SCHEME.fullmatch(value) is not None


def _is_base64(value: str) -> bool:
    try:
        binascii.a2b_base64(_WHITESPACE.sub("", value).encode("ascii"), strict_mode=True)
    except (binascii.Error, UnicodeEncodeError):
        return False
    return bool(value.strip())


# What each primitive type looks like as text, for schemas; the checkers above know more.
FORMS: dict[str, str] = {
    **dates.FORMS,
    "base64Binary": r"[A-Za-z0-9+/=\s]+",
    "canonical": r"\S+",
    "code": _CODE.pattern,
    "id": _ID.pattern,
    "oid": _OID.pattern,
    "uri": r"\S+",
    "url": _SCHEME.pattern,
    "uuid": _UUID.pattern,
}
LOWEST = {"integer": -2_147_483_648, "positiveInt": 1, "unsignedInt": 0}
HIGHEST = 2_147_483_647

CHECKERS: dict[str, Checker] = {
    "base64Binary": _being(_is_base64, "base64"),
    "boolean": boolean,
    "canonical": uri,
    "code": code,
    "date": _being(is_date, "a date (YYYY, YYYY-MM or YYYY-MM-DD)"),
    "dateTime": _being(
        is_date_time,
        "a dateTime: YYYY, YYYY-MM, YYYY-MM-DD or, with a time, YYYY-MM-DDThh:mm:ss and a zone",
    ),
    "decimal": decimal,
    "id": _matching(_ID, "an id: 1 to 64 letters, digits, - and ."),
    "instant": _being(is_instant, "an instant with a zone"),
    "integer": _integer(LOWEST["integer"]),
    "markdown": string,
    "oid": _matching(_OID, "an OID (urn:oid:...)"),
    "positiveInt": _integer(LOWEST["positiveInt"]),
    "string": string,
    "time": _being(is_time, "a time of day without a zone"),
    "unsignedInt": _integer(LOWEST["unsignedInt"]),
    "uri": uri,
    "url": _being(_is_url, "a URL"),
    "uuid": _matching(_UUID, "a UUID (urn:uuid:..., lower case)"),
    "xhtml": xhtml,
}

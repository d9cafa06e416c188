"""The values of a query, as they are written: `ge2024-05`, `system|code`, `5.4|system|mg`.

Each function raises ValueError with a text that says what is expected and never quotes the value.
http://hl7.org/fhir/R4/search.html#escaping, http://hl7.org/fhir/R4/search.html#prefix
"""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from app.domain.period import span
from app.domain.search.entries import ReferenceEntry
from app.domain.search.query import (
    Comparator,
    DateMatch,
    NumberMatch,
    ReferenceMatch,
    TextMatch,
    TextMode,
    TokenMatch,
)
from app.domain.search.texts import normal, sounds
from app.fhir.search.definitions import Parameter
from app.fhir.search.links import literal_entry
from app.fhir.search.ranges import FIRST, LAST
from app.fhir.search.texts import PHONETIC

_PREFIXED = re.compile(r"(?P<prefix>eq|ne|gt|lt|ge|le|sa|eb|ap)?(?P<rest>.*)", re.DOTALL)
# A plus that nobody escaped arrives as a space.
_DATE = re.compile(
    r"\d{4}(?:-\d\d(?:-\d\d(?:(?P<time>T\d\d:\d\d)"
    r"(?P<seconds>:\d\d(?P<fraction>\.\d{1,12})?)?(?P<zone>Z|[+ -]\d\d:\d\d)?)?)?)?",
    re.ASCII,
)
_NUMBER = re.compile(r"[+-]?\d+(?P<fraction>\.\d+)?(?P<exponent>[eE][+-]?\d{1,2})?", re.ASCII)
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)
_ESCAPED = re.compile(r"\\([\\,|$])")
# What is escaped is passed over together with its backslash.
_SEPARATIONS = {each: re.compile(rf"\\.|{re.escape(each)}", re.DOTALL) for each in ",|$"}

_LOOSE = frozenset({TextMode.STARTS_WITH, TextMode.CONTAINS})

_TICK = timedelta(microseconds=1)
_MICROSECONDS = 6
# The least step of the numbers that are kept in order.
_LEAST_STEP = Decimal(1).scaleb(-12)
_LONGEST_NUMBER = 40
# How far "about" reaches: R4 recommends a tenth, of a date the tenth of its distance from now.
_ABOUT = 10


def parts_of(text: str, separator: str) -> list[str]:
    """A text parted at a separator wherever that is not escaped; escapes stay as they are."""
    parts, start = [], 0
    for found in _SEPARATIONS[separator].finditer(text):
        if found[0] == separator:
            parts.append(text[start : found.start()])
            start = found.end()
    return [*parts, text[start:]]


def plain(text: str) -> str:
    r"""A text without its escapes: `a\,b` is `a,b`."""
    return _ESCAPED.sub(r"\1", text)


def token(text: str, systems: frozenset[str] = frozenset()) -> TokenMatch:
    """`code`, `system|code`, `|code` or `system|`; `systems` are those that a bare code implies."""
    parts = [plain(part) for part in parts_of(text, "|")]
    if len(parts) > 2 or not any(parts):
        raise ValueError("a code, system|code, |code or system|")
    if len(parts) == 1:
        return TokenMatch(parts[0])
    system, code = parts
    return TokenMatch(code or None, "" if system in systems else system)


def id(text: str) -> TokenMatch:
    """A logical id, as it stands."""
    if not text:
        raise ValueError("an id")
    return TokenMatch(plain(text))


def of_type(text: str) -> TokenMatch:
    """`system|code|value`: an identifier by its type and its value."""
    parts = [plain(part) for part in parts_of(text, "|")]
    if len(parts) != 3 or not all(parts):
        raise ValueError("system|code|value")
    system, code, value = parts
    return TokenMatch(f"{code}|{value}", system)


def text(text: str, mode: TextMode) -> TextMatch:
    """A text, as the mode compares it."""
    asked = plain(text)
    # Spaces alone would begin every text.
    if not (normal(asked) if mode in _LOOSE else asked):
        raise ValueError("a text")
    return TextMatch(asked, mode)


def sound(text: str) -> TextMatch:
    """How a word or a whole name sounds."""
    if not text:
        raise ValueError("a name")
    heard = plain(text)
    return TextMatch(" ".join(sounds(heard)) or normal(heard), TextMode.EXACT)


def reference(
    text: str, parameter: Parameter, base: str, type: str | None = None
) -> ReferenceMatch | TokenMatch:
    """An id, `Type/id`, an address under `base`, or any other address; `type` from a modifier."""
    address = plain(text)
    if not address:
        raise ValueError("an id, Type/id or an address")
    if "canonical" in parameter.elements:
        return TokenMatch(address)
    if _ID.fullmatch(address):
        only = next(iter(parameter.targets)) if len(parameter.targets) == 1 else None
        return ReferenceMatch(type or only, address)
    entry = literal_entry(PHONETIC, address, base)
    if isinstance(entry, ReferenceEntry) and type in {None, entry.type}:
        return ReferenceMatch(entry.type, entry.id)
    return TokenMatch(address)


def date(text: str, now: datetime) -> DateMatch:
    """A date or dateTime with a prefix, as the interval of its precision; UTC without a zone."""
    found = _PREFIXED.fullmatch(plain(text))
    comparator = Comparator(found["prefix"] or "eq") if found else Comparator.EQUAL
    low, high = _interval(found["rest"] if found else "")
    if comparator is Comparator.APPROXIMATELY:
        return DateMatch(comparator, _moved(low, now, -1), _moved(high, now, 1))
    return DateMatch(comparator, low, high)


def number(text: str) -> NumberMatch:
    """A number with a prefix, as the interval of its precision."""
    found = _PREFIXED.fullmatch(plain(text))
    comparator = Comparator(found["prefix"] or "eq") if found else Comparator.EQUAL
    written = _NUMBER.fullmatch(found["rest"]) if found else None
    if written is None or len(written[0]) > _LONGEST_NUMBER:
        raise ValueError("a number")
    exact = Decimal(written[0])
    half = _half_step(exact, is_whole=written["fraction"] is None)
    if comparator is Comparator.APPROXIMATELY:
        half = max(half, abs(exact) / _ABOUT)
        return NumberMatch(comparator, exact, exact - half, exact + half)
    # 100.5 is not 100 any more.
    high = max(exact, exact + half - _LEAST_STEP)
    return NumberMatch(comparator, exact, exact - half, high)


def quantity(text: str) -> NumberMatch:
    """A number with a prefix, and perhaps `|system|code`; without a system `||code`."""
    parts = parts_of(text, "|")
    if len(parts) not in {1, 3}:
        raise ValueError("a number, number|system|code or number||code")
    match = number(parts[0])
    system, code = (plain(part) or None for part in [*parts, "", ""][1:3])
    return NumberMatch(match.comparator, match.exact, match.low, match.high, code, system)


def _interval(text: str) -> tuple[datetime, datetime]:
    """The first and last instant that a date of a query covers, to its last written digit."""
    found = _DATE.fullmatch(text)
    if found is None:
        raise ValueError("a date or a dateTime")
    try:
        if not found["time"]:
            covered = span(text, UTC)
            return covered.start or FIRST, covered.end or LAST
        zone = (found["zone"] or "Z").replace(" ", "+")
        moment = text[: found.end("time")] + (found["seconds"] or ":00") + zone
        start = span(moment, UTC).start or FIRST
    except ValueError:
        raise ValueError("a date or a dateTime of the calendar") from None
    if found["fraction"]:
        width = timedelta(microseconds=10 ** max(0, _MICROSECONDS + 1 - len(found["fraction"])))
    else:
        width = timedelta(seconds=1 if found["seconds"] else 60)
    return start, min(start, LAST - width) + width - _TICK


def _moved(moment: datetime, now: datetime, sign: int) -> datetime:
    distance = abs(now - moment) / _ABOUT
    if sign < 0:
        return max(moment, FIRST + distance) - distance
    return min(moment, LAST - distance) + distance


def _half_step(number: Decimal, *, is_whole: bool) -> Decimal:
    """Half of the last written digit: of 100 it is 0.5, and by R4's own example of 1e2 it is 5."""
    exponent = number.as_tuple().exponent
    step = exponent if isinstance(exponent, int) else 0
    if is_whole and step > 0:
        step -= 1
    return Decimal(5).scaleb(step - 1)

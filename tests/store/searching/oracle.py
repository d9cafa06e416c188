"""What a search means, in plain Python and without an index."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.domain.search.entries import (
    DateEntry,
    NumberEntry,
    ReferenceEntry,
    StringEntry,
    TokenEntry,
)
from app.domain.search.query import (
    AnyOf,
    Chained,
    DateMatch,
    Has,
    Missing,
    NumberMatch,
    ReferenceMatch,
    ReferredTo,
    TextMatch,
    TokenMatch,
)
from app.domain.search.texts import normal


@dataclass(frozen=True)
class Known:
    """A resource of the world, as plain Python sees it."""

    type: str
    id: str
    entries: tuple


def meets(condition, known, seen: Mapping[tuple[str, str], Known]):
    """Whether a resource meets a condition where `seen` is everything that is visible."""
    match condition:
        case Has(names, matches, is_negated):
            has = any(
                value_meets(match, entry)
                for match in matches
                for entry in known.entries
                if entry.name in names
            ) or ("_id" in names and any(match.code == known.id for match in matches))
            return has is not is_negated
        case Missing(_, is_missing):
            return is_missing is not any(entry.name in condition.names for entry in known.entries)
        case Chained(name, types, conditions):
            targets = [
                seen.get((entry.type, entry.id))
                for entry in known.entries
                if isinstance(entry, ReferenceEntry) and entry.name == name and entry.type in types
            ]
            return any(
                target is not None and all(meets(each, target, seen) for each in conditions)
                for target in targets
            )
        case ReferredTo(type, name, conditions):
            link = ReferenceEntry(name, known.type, known.id)
            return any(
                other.type == type
                and link in other.entries
                and all(meets(each, other, seen) for each in conditions)
                for other in seen.values()
            )
        case AnyOf(conditions):
            return any(meets(each, known, seen) for each in conditions)
    raise TypeError(condition)


def value_meets(match, entry):
    match match, entry:
        case TokenMatch(code, system), TokenEntry():
            has_code = code is None or code == entry.code
            return has_code and (system is None or system == (entry.system or ""))
        case ReferenceMatch(type, id), ReferenceEntry():
            return entry.id == id and type in {None, entry.type}
        case DateMatch(comparator, low, high), DateEntry():
            return date_meets(comparator, low, high, entry)
        case NumberMatch(), NumberEntry():
            return has_unit(match, entry) and amount_meets(match, entry)
        case TextMatch(), StringEntry():
            return text_meets(match, entry.text)
    return False


def has_unit(match, entry):
    if match.code is None and match.system is None:
        return True
    has_system = match.system is None or match.system == (entry.system or "")
    return entry.code is not None and match.code in {None, entry.code} and has_system


def amount_meets(match, entry):
    if match.comparator in {"eq", "ne", "ap"}:
        return date_meets(match.comparator, match.low, match.high, entry)
    return number_meets(match.comparator, match.exact, entry)


def date_meets(comparator, low, high, target):
    """http://hl7.org/fhir/R4/search.html#prefix, sentence by sentence."""
    contains = low <= target.low and target.high <= high
    return {
        "eq": contains,
        "ne": not contains,
        "gt": target.high > high,
        "lt": target.low < low,
        "ge": target.high > high or contains,
        "le": target.low < low or contains,
        "sa": target.low > high,
        "eb": target.high < low,
        "ap": target.low <= high and target.high >= low,
    }[comparator]


def number_meets(comparator, exact, target):
    """The same where what is looked for is one point."""
    return {
        "gt": target.high > exact,
        "lt": target.low < exact,
        "ge": target.high >= exact,
        "le": target.low <= exact,
        "sa": target.low > exact,
        "eb": target.high < exact,
    }[comparator]


def text_meets(match, text):
    wanted, plain = normal(match.text), normal(text)
    return {
        "starts-with": plain.startswith(wanted),
        "contains": wanted in plain,
        "exact": match.text == text,
        "below": text.startswith(match.text),
        "above": match.text.startswith(text),
    }[match.mode]

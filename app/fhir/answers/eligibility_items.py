"""Writing what is told of a coverage: CoverageEligibilityResponse.insurance.item, and its table.

R4 gives an item one network, one unit and one term, so that a category takes several items.
http://hl7.org/fhir/R4/coverageeligibilityresponse-definitions.html
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache, lru_cache

from app.domain.arithmetic import EXACT
from app.domain.canonical import PLAN
from app.domain.codes import Coding
from app.domain.eligibility import Allowance, AllowanceKind, Purpose, Term, Told, Unit
from app.domain.money import Money
from app.fhir.answers.adjudications import concept, money, spelled
from app.fhir.answers.writing import detached, filled
from app.fhir.documents import Document, codings_of

HEADS = ("What", "For", "Allowed", "Used", "Left")

_HL7 = "http://terminology.hl7.org/CodeSystem"
_LARGEST_INTEGER = 2**31 - 1

# X12's code for a plan as a whole, as HL7's own examples use it.
WHOLE_PLAN = Coding(f"{_HL7}/ex-benefitcategory", "30", "Health Benefit Plan Coverage")
_ATTACHMENT = Coding(PLAN, "attachment-required", "Attachment required")
_ATTACHMENT_NEEDED = "A Claim for it is paid with an attachment only."
_SIDES = {True: ", in network", False: ", out of network", None: ""}

_EXACT = EXACT.copy()

_K = AllowanceKind
# HL7's nearest benefit type, and our words.
_TYPES = {
    _K.DEDUCTIBLE_INDIVIDUAL: ("deductible", "Deductible of the member"),
    _K.DEDUCTIBLE_FAMILY: ("deductible", "Deductible of the family"),
    _K.OUT_OF_POCKET_INDIVIDUAL: (None, "Out-of-pocket maximum of the member"),
    _K.OUT_OF_POCKET_FAMILY: (None, "Out-of-pocket maximum of the family"),
    _K.AMOUNT_PER_YEAR: ("benefit", "Benefit of a year"),
    _K.AMOUNT_PER_LIFETIME: ("benefit", "Benefit for life"),
    _K.VISITS_PER_YEAR: ("visit", "Visits of a year"),
    _K.UNITS_PER_CLAIM: (None, "Units of a claim"),
    _K.FREQUENCY: (None, "Units of a year"),
    _K.COPAY: ("copay", "Copay"),
    _K.COINSURANCE: ("copay-percent", "Coinsurance"),
    _K.DEDUCTIBLE: ("deductible", "Deductible"),
}


@dataclass(frozen=True, slots=True)
class Telling:
    """One part of what is told: the rows of one network, unit and term."""

    told: Told
    unit: Unit
    term: Term | None
    allowances: tuple[Allowance, ...]


def tellings(told: Sequence[Told], purposes: frozenset[Purpose]) -> tuple[Telling, ...]:
    """The items to write; without benefits asked, one for each question or category."""
    if Purpose.BENEFITS in purposes:
        return tuple(part for each in told for part in parts(each))
    bare: dict[tuple[object, object], Told] = {}
    for each in told:
        if each.category is not None or each.asked is not None:
            key = (each.asked and each.asked.path, each.category)
            bare.setdefault(key, replace(each, allowances=(), in_network=None))
    return tuple(part for each in bare.values() for part in parts(each))


def parts(told: Told) -> Iterator[Telling]:
    """What is told, one part for each unit and term."""
    groups: dict[tuple[Unit, Term | None], list[Allowance]] = {}
    for each in told.allowances:
        groups.setdefault((each.kind.unit, each.term), []).append(each)
    for (unit, term), allowances in (groups or {(Unit.INDIVIDUAL, None): []}).items():
        yield Telling(told, unit, term, tuple(allowances))


def item(
    telling: Telling, request: Document, purposes: frozenset[Purpose], url: str | None = None
) -> Document:
    """One insurance.item; `url` is where a provider reads what a preauthorization needs."""
    told = telling.told
    element = _element(told, request)
    return filled(
        **_subject(told, element, request),
        provider=detached(element.get("provider"), request),
        excluded=None if _is_whole(told) else told.exclusion is not None,
        name=name_of_item(telling, request),
        description=" ".join(_sentences(telling, purposes)),
        network=_network(told),
        unit=coded("benefit-unit", telling.unit.value),
        term=coded("benefit-term", telling.term.value) if telling.term else None,
        benefit=[benefit(each) for each in telling.allowances],
        **(_authorization(told, url) if Purpose.AUTH_REQUIREMENTS in purposes else {}),
    )


def rows(
    tellings: Sequence[Telling], request: Document, purposes: frozenset[Purpose]
) -> Iterator[tuple[str, ...]]:
    """The same as a table for people."""
    for telling in tellings:
        name, side = name_of_item(telling, request), _SIDES[telling.told.in_network]
        if telling.told.exclusion is not None or not telling.allowances:
            sentences = " ".join(_sentences(telling, purposes))
            yield (f"{name}: {sentences}", f"{_for(telling)}{side}", "", "", "")
            continue
        for each in telling.allowances:
            what = f"{name}: {_words(each)}"
            left = "" if each.left is None else _spoken(each, each.left)
            used = "" if each.used is None else _spoken(each, each.used)
            yield (what, f"{_for(telling)}{side}", _spoken(each, each.allowed), used, left)


def needs(
    tellings: Sequence[Telling], request: Document, purposes: frozenset[Purpose]
) -> list[str]:
    """What a Claim for it would need, in words, each once; nothing where that is not asked."""
    told = (
        f"{name_of_item(each, request)}: {sentence}"
        for each in tellings
        for sentence in _needs(each.told, purposes)
    )
    return list(dict.fromkeys(told))


def name_of_item(telling: Telling, request: Document) -> str:
    """What a person calls what is told of."""
    told = telling.told
    if _is_whole(told):
        return "Plan"
    element = _element(told, request)
    named = element.get("productOrService") or element.get("category") or {}
    codings = codings_of(named)
    if told.category is not None and (
        not codings or told.category.key in {each.key for each in codings}
    ):
        # The plan may know a better name of the same category.
        codings = (told.category, *codings)
    displays = [each.display for each in codings if each.display]
    names = [*_given(named.get("text")), *displays, *(each.code for each in codings)]
    return next(iter(names), "Service")


def _given(text: str | None) -> list[str]:
    return [text] if text else []


def _is_whole(told: Told) -> bool:
    return told.asked is None and told.category is None


def _element(told: Told, request: Document) -> Document:
    """The item of the request that is answered; empty where the plan is told as it is."""
    if told.asked is None:
        return {}
    element: Document = request["item"][told.asked.path[0] - 1]
    return element


def _subject(told: Told, element: Document, request: Document) -> Document:
    """What it is about: R4 wants a service or a category, and not both."""
    if "productOrService" in element:
        asked = {name: element.get(name) for name in ("productOrService", "modifier")}
        return filled(**{name: detached(each, request) for name, each in asked.items()})
    if "category" in element:
        return {"category": detached(element["category"], request)}
    return {"category": concept([told.category or WHOLE_PLAN])}


def _network(told: Told) -> Document | None:
    if told.in_network is None:
        return None
    return coded("benefit-network", "in" if told.in_network else "out")


@cache
def coded(system: str, code: str) -> Document:
    """A code of one of HL7's systems for benefits: always the same, so not to be changed."""
    return concept([Coding(f"{_HL7}/{system}", code)])


def benefit(allowance: Allowance) -> Document:
    """What is allowed and what is used of it, with its type."""
    written = {"type": _type(allowance.kind, _words(allowance))}
    written |= _value("allowed", allowance.allowed, allowance)
    return written | (
        _value("used", allowance.used, allowance) if allowance.used is not None else {}
    )


# Of words there are few but for spans, and of those no more than plans have.
@lru_cache(maxsize=1024)
def _type(kind: AllowanceKind, words: str) -> Document:
    """The same for all allowances of a kind, so not to be changed."""
    hl7 = _TYPES[kind][0]
    codings = [Coding(f"{_HL7}/benefit-type", hl7)] if hl7 else []
    return concept([*codings, Coding(PLAN, kind.value, words)])


def _words(allowance: Allowance) -> str:
    span = allowance.within
    if span is None:
        return _TYPES[allowance.kind][1]
    lengths = ((span.months, "month"), (span.days, "day"))
    told = [f"{count} {name}{'' if count == 1 else 's'}" for count, name in lengths if count]
    return f"Units within {' and '.join(told)}"


def _value(name: str, value: Decimal, allowance: Allowance) -> Document:
    """Money, a whole number, or (half a percent) a text: R4 has no decimal here."""
    if allowance.currency is not None:
        return {f"{name}Money": money(_exact(value, allowance.currency))}
    if value == value.to_integral_value() and 0 <= value <= _LARGEST_INTEGER:
        return {f"{name}UnsignedInt": int(value)}
    return {f"{name}String": _spoken(allowance, value)}


def _exact(value: Decimal, currency: str) -> Money:
    """Money with the decimals of its currency, whatever its length."""
    return Money(_EXACT.add(Money.zero(currency).amount, value), currency)


def _spoken(allowance: Allowance, value: Decimal) -> str:
    if allowance.currency is not None:
        return spelled(_exact(value, allowance.currency))
    # Without an exponent and the zeros behind the point.
    number = f"{value:f}"
    number = number.rstrip("0").rstrip(".") if "." in number else number
    return f"{number} %" if allowance.kind is AllowanceKind.COINSURANCE else number


def _for(telling: Telling) -> str:
    terms = {Term.ANNUAL: "a year", Term.DAY: "a day", Term.LIFETIME: "for life", None: "each time"}
    unit = "family" if telling.unit is Unit.FAMILY else "member"
    return f"{unit}, {terms[telling.term]}"


def _sentences(telling: Telling, purposes: frozenset[Purpose]) -> list[str]:
    """What the item says, in words."""
    told = telling.told
    if told.exclusion is not None:
        found = [told.exclusion]
    else:
        found = [sentence_of(each) for each in telling.allowances] or ["Covered."]
    return [*found, *_needs(told, purposes)]


def _needs(told: Told, purposes: frozenset[Purpose]) -> list[str]:
    if Purpose.AUTH_REQUIREMENTS not in purposes or _is_whole(told):
        return []
    found = []
    if told.authorized_by is not None:
        found.append(f"Preauthorization {told.authorized_by} holds.")
    elif told.authorization_required:
        found.append("A preauthorization is needed.")
    if told.attachment_required:
        found.append(_ATTACHMENT_NEEDED)
    return found


def sentence_of(allowance: Allowance) -> str:
    """What a person reads of it."""
    words, allowed = _words(allowance), _spoken(allowance, allowance.allowed)
    if allowance.kind is AllowanceKind.DEDUCTIBLE:
        return "The deductible does not apply."
    if allowance.used is None or allowance.left is None:
        return f"{words}: {allowed}."
    used, left = (_spoken(allowance, each) for each in (allowance.used, allowance.left))
    return f"{words}: {allowed}, used {used}, left {left}."


def _authorization(told: Told, url: str | None) -> Document:
    if _is_whole(told):
        return {}
    supporting = [concept([_ATTACHMENT], _ATTACHMENT_NEEDED)]
    return filled(
        authorizationRequired=told.authorization_required,
        authorizationSupporting=supporting if told.attachment_required else None,
        authorizationUrl=url if told.authorization_required else None,
    )

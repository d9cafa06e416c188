"""What one parameter of a query asks: its modifier, its values, its chain.

http://hl7.org/fhir/R4/search.html#modifiers, http://hl7.org/fhir/R4/search.html#chaining
"""

from collections.abc import Callable
from functools import partial

from app.domain.search.query import (
    ID,
    LAST_UPDATED,
    AnyOf,
    Chained,
    Condition,
    Has,
    Match,
    Missing,
    ReferredTo,
    TextMode,
    TokenMatch,
)
from app.fhir.resource_types import RESOURCE_TYPES
from app.fhir.search import values
from app.fhir.search.asking import (
    MAX_CHARACTERS,
    MAX_LINKS,
    MAX_VALUES,
    Asking,
    Unknown,
    Unsupported,
    too_costly,
)
from app.fhir.search.definitions import (
    Parameter,
    ParameterType,
    parameters_of,
    searchable_types,
)
from app.fhir.search.texts import PHONETIC

_HAS = "_has:"
_WORDED = frozenset({"CodeableConcept", "Coding", "Identifier"})
_TEXT_MODES = {
    "": TextMode.STARTS_WITH,
    "exact": TextMode.EXACT,
    "contains": TextMode.CONTAINS,
}
_URI_MODES = {"": TextMode.EXACT, "below": TextMode.BELOW, "above": TextMode.ABOVE}

# Under which name a value is looked for, and how it is read.
_Reading = tuple[str, Callable[[str], Match]]


def condition(type: str, name: str, value: str, asking: Asking, links: int = 0) -> Condition:
    """What `name=value` asks of a resource of this type.

    Raises Unknown where the type has no such parameter, Unsupported for its modifier, ValueError
    for the value's form, and Unacceptable for more than may be asked.
    """
    if len(value) > MAX_CHARACTERS:
        raise too_costly()
    if links > MAX_LINKS:
        raise ValueError(f"at most {MAX_LINKS} links to other resources")
    if name.startswith(_HAS):
        return _referred_to(type, name, value, asking, links)
    head, chain, rest = name.partition(".")
    code, colon, modifier = head.partition(":")
    parameter = parameters_of(type).get(code)
    if parameter is None:
        raise Unknown
    if (colon and not modifier) or (chain and type not in searchable_types()):
        raise Unsupported
    if chain:
        return _chained(parameter, modifier, rest, value, asking, links)
    if modifier == "missing":
        return _missing(parameter, value)
    parts = values.parts_of(value, ",")
    if len(parts) > MAX_VALUES:
        raise too_costly()
    if parameter.type is ParameterType.COMPOSITE:
        return _composite(type, parameter, modifier, parts, asking)
    found, read = _reading(parameter, modifier, asking)
    return Has((found,), tuple(map(read, parts)), is_negated=modifier == "not")


def _missing(parameter: Parameter, value: str) -> Missing:
    if parameter.code in {ID, LAST_UPDATED}:
        raise Unsupported
    if value not in {"true", "false"}:
        raise ValueError("true or false")
    return Missing(parameter.code, is_missing=value == "true")


def _referred_to(type: str, name: str, value: str, asking: Asking, links: int) -> Condition:
    """`_has:Type:reference:name`: http://hl7.org/fhir/R4/search.html#has."""
    _, source, code, rest = [*name.split(":", 3), "", "", ""][:4]
    parameter = parameters_of(source).get(code) if source in searchable_types() else None
    if not rest:
        raise ValueError("_has names a type, a reference and a parameter: _has:Type:reference:name")
    if parameter is None or not parameter.may_lead_to(type):
        raise Unknown
    return ReferredTo(source, code, (condition(source, rest, value, asking, links + 1),))


def _chained(
    parameter: Parameter, modifier: str, rest: str, value: str, asking: Asking, links: int
) -> Condition:
    """`patient.identifier=`, `subject:Patient.name=`: what it leads to meets the rest."""
    if modifier and not _leads_to(parameter, modifier):
        raise Unsupported
    types = [modifier] if modifier else sorted(filter(parameter.may_lead_to, searchable_types()))
    # Types that read the rest alike are asked together.
    met: dict[Condition, list[str]] = {}
    for type in types:
        one = _known(type, rest, value, asking, links + 1)
        if one is not None:
            met.setdefault(one, []).append(type)
    if not met:
        raise Unknown
    chains = tuple(Chained(parameter.code, tuple(led), (one,)) for one, led in met.items())
    return chains[0] if len(chains) == 1 else AnyOf(chains)


def _known(type: str, name: str, value: str, asking: Asking, links: int) -> Condition | None:
    """As `condition`, read once for each type; None where the type has no such parameter."""
    key = type, name, value, links
    if key not in asking.known:
        try:
            asking.known[key] = condition(type, name, value, asking, links)
        except Unknown:
            asking.known[key] = None
    return asking.known[key]


def _leads_to(parameter: Parameter, type: str) -> bool:
    return type in RESOURCE_TYPES and parameter.may_lead_to(type)


def _composite(
    type: str, parameter: Parameter, modifier: str, parts: list[str], asking: Asking
) -> Condition:
    """`first$second`: the first part stands in the name that the second is found under."""
    if modifier:
        raise Unsupported
    second = parameters_of(type)[parameter.components[1].code]
    found: dict[str, list[Match]] = {}
    for part in parts:
        pair = values.parts_of(part, "$")
        if len(pair) != 2:
            raise ValueError("two values with $ between them")
        name = f"{parameter.code}${_spelled(values.token(pair[0]))}"
        _, read = _reading(second, "", asking)
        found.setdefault(name, []).append(read(pair[1]))
    each = tuple(Has((name,), tuple(matches)) for name, matches in found.items())
    return each[0] if len(each) == 1 else AnyOf(each)


def _spelled(token: TokenMatch) -> str:
    return (token.code or "") if token.system is None else f"{token.system}|{token.code or ''}"


def _reading(parameter: Parameter, modifier: str, asking: Asking) -> _Reading:
    match parameter.type:
        case ParameterType.TOKEN:
            return _token_reading(parameter, modifier)
        case ParameterType.REFERENCE:
            return _reference_reading(parameter, modifier, asking)
        case ParameterType.STRING | ParameterType.URI:
            return _text_reading(parameter, modifier)
        case _ if modifier:
            raise Unsupported
        case ParameterType.DATE:
            return parameter.code, partial(values.date, now=asking.now)
        case ParameterType.NUMBER:
            return parameter.code, values.number
        case _:
            return parameter.code, values.quantity


def _token_reading(parameter: Parameter, modifier: str) -> _Reading:
    code, elements = parameter.code, parameter.elements
    if code == ID and modifier in {"", "not"}:
        return ID, values.id
    if modifier in {"", "not"}:
        return code, partial(values.token, systems=parameter.systems)
    if modifier == "text" and elements & _WORDED:
        return f"{code}:text", partial(values.text, mode=TextMode.STARTS_WITH)
    if modifier == "of-type" and "Identifier" in elements:
        return f"{code}:of-type", values.of_type
    raise Unsupported


def _reference_reading(parameter: Parameter, modifier: str, asking: Asking) -> _Reading:
    is_canonical = "canonical" in parameter.elements
    if modifier == "identifier" and not is_canonical:
        return f"{parameter.code}:identifier", values.token
    if modifier and (is_canonical or not _leads_to(parameter, modifier)):
        raise Unsupported
    read = partial(values.reference, parameter=parameter, base=asking.base, type=modifier or None)
    return parameter.code, read


def _text_reading(parameter: Parameter, modifier: str) -> _Reading:
    modes = _URI_MODES if parameter.type is ParameterType.URI else _TEXT_MODES
    if modifier not in modes or (parameter.code == PHONETIC and modifier):
        raise Unsupported
    if parameter.code == PHONETIC:
        return PHONETIC, values.sound
    return parameter.code, partial(values.text, mode=modes[modifier])

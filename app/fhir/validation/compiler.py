"""Checkers compiled once per type from its definition: closures, run over parsed JSON.

http://hl7.org/fhir/R4/json.html
"""

from contextlib import suppress
from functools import cache
from typing import Any

from app.domain.issues import ErrorCode
from app.fhir.validation.names import Names
from app.fhir.validation.primitives import CHECKERS, one_of, string
from app.fhir.validation.problems import (
    Checker,
    LocalReferences,
    Problem,
    Problems,
    Rule,
    below,
    joined,
    mismatch,
    one,
    spelled,
)
from app.fhir.validation.rules import RULES
from app.fhir.validation.schema import Definition, Element, definition

# These say nothing about the values that are given.
_ABOUT_OTHERS = frozenset((ErrorCode.UNKNOWN_ELEMENT, ErrorCode.REQUIRED, ErrorCode.CHOICE))


@cache
def checker_of(name: str) -> Checker:
    """The checker of a type that exists: resource, datatype or backbone element."""
    of = definition(name)
    members = _Members(of)
    names_of = Names(of)
    proven = names_of.proven
    rules = RULES.get(name, ())

    def check(value: Any, local: LocalReferences) -> Problems:
        if type(value) is not dict or not value:
            return mismatch(value, "An object")
        problems: Problems = None
        if proven is not None and tuple(value) not in proven:
            problems = names_of.problems_of(value)
        for member, content in value.items():
            found = members[member](content, local)
            if found is not None:
                problems = _added(problems, value, member, found)
        if problems is not None:
            return joined(problems, _despite_problems(rules, value, problems))
        for rule in rules:
            found = rule(value)
            if found is not None:
                problems = joined(problems, found)
        return problems

    return check


def list_of(entry_checker: Checker) -> Checker:
    """The checker of a list: at least one entry, each good; what null stands for is seen later."""

    def check(value: object, local: LocalReferences) -> Problems:
        if type(value) is not list or not value:
            return mismatch(value, "An array")
        problems: Problems = None
        for index, entry in enumerate(value):
            found = entry_checker(entry, local)
            if found is not None:
                problems = joined(problems, below(f"[{index}]", found))
        return problems

    return check


class _Members(dict[str, Checker]):
    """Member name to checker, compiled when first met: types refer to each other in circles."""

    def __init__(self, of: Definition) -> None:
        super().__init__({"resourceType": string} if of.is_resource else {})
        self._owner = of.name
        self._elements = {element.name: element for element in of.elements}

    def __missing__(self, name: str) -> Checker:
        checker = _member_checker(self._owner, name, self._elements)
        if checker is None:
            return _unknown
        self[name] = checker
        return checker


def _member_checker(owner: str, name: str, elements: dict[str, Element]) -> Checker | None:
    element = elements.get(name.removeprefix("_"))
    if element is None:
        return None
    if name.startswith("_"):
        if not element.is_primitive:
            return None
        checker = checker_of("FHIRPrimitiveExtension")
    elif (owner, name) == ("Reference", "reference"):
        checker = _reference
    elif element.is_primitive:
        checker = one_of(element.codes) if element.codes else CHECKERS[element.type]
    elif element.type == "Resource":
        checker = _nested_resource(is_contained=name == "contained")
    else:
        checker = checker_of(element.type)
    return list_of(checker) if element.is_list else checker


def _unknown(_value: object, _local: LocalReferences) -> Problems:
    return one(ErrorCode.UNKNOWN_ELEMENT, "R4 defines no such element here.")


def _reference(value: object, local: LocalReferences) -> Problems:
    """Reference.reference: one that starts with # must be found where the resource ends."""
    if type(value) is str and value[:1] == "#":
        local.append(value)
    return string(value, local)


def _nested_resource(*, is_contained: bool) -> Checker:
    # Imported when met: a resource's checker is made of the element checkers of this module.
    from app.fhir.validation.resources import contained, standing_alone

    def check(value: object, local: LocalReferences) -> Problems:
        return contained(value, local) if is_contained else standing_alone(value)

    return check


def _added(problems: Problems, owner: dict[str, Any], name: str, found: list[Problem]) -> Problems:
    """The problems with those of one member, less the nulls that only keep two arrays in step."""
    element = name.removeprefix("_")
    pair = owner.get(element if name != element else f"_{name}")
    value = owner[name]
    if type(value) is list and type(pair) is list:
        aligned = {
            f"[{index}]"
            for index, (left, right) in enumerate(zip(value, pair, strict=False))
            if left is None and right is not None
        }
        found = [problem for problem in found if problem[0] not in aligned]
    if not found:
        return problems
    return joined(problems, below(f".{spelled(element)}", found))


def _despite_problems(
    rules: tuple[Rule, ...], value: dict[str, Any], problems: list[Problem]
) -> list[Problem]:
    """What the rules add where something is wrong already, unless it is what they speak about."""
    if any(_is_own(path) and error not in _ABOUT_OTHERS for path, error, _ in problems):
        return []
    found: list[Problem] = []
    for rule in rules:
        # Rules trust the types, and further down these may be wrong.
        with suppress(TypeError, ValueError, AttributeError, KeyError):
            found += rule(value) or []
    return found


def _is_own(path: str) -> bool:
    return path.count(".") <= 1 and "[" not in path

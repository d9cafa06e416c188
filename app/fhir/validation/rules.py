"""Invariants, by the type they belong to. The types of the elements have been checked before.

Datatypes: http://hl7.org/fhir/R4/datatypes.html; resources: the page of each.
"""

from collections.abc import Callable
from typing import Any

from app.domain.issues import ErrorCode
from app.fhir.validation.bundle_rules import BUNDLE_RULES
from app.fhir.validation.dates import is_after
from app.fhir.validation.problems import Problem, Problems, Rule

_Object = dict[str, Any]
_UNSPECIFIC_EVENTS = frozenset(("C", "CM", "CD", "CV"))


def _broken(text: str, path: str = "") -> list[Problem]:
    return [(path, ErrorCode.INVARIANT, text)]


def _invariant(text: str, is_broken: Callable[[_Object], object], path: str = "") -> Rule:
    def rule(value: _Object) -> Problems:
        return _broken(text, path) if is_broken(value) else None

    return rule


def _has(value: _Object, name: str) -> bool:
    """Whether an element is given: a primitive may be by its extensions alone."""
    return name in value or f"_{name}" in value


def _has_choice(value: _Object, prefix: str) -> bool:
    return any(name.removeprefix("_").startswith(prefix) for name in value)


def _needs(text: str, dependent: str, needed: str) -> Rule:
    """`dependent` is given only together with `needed`."""
    return _invariant(text, lambda value: dependent in value and not _has(value, needed))


def _extension(value: _Object) -> Problems:
    for name in value:
        if name[0] == "v" or name[:2] == "_v":
            has_value = True
            break
    else:
        has_value = False
    if has_value == ("extension" in value):
        return _broken("ext-1: an extension has either a value or extensions.")
    return None


def _ends_before_start(period: _Object) -> bool:
    return "start" in period and "end" in period and is_after(period["start"], period["end"])


def _is_reversed(given: _Object) -> bool:
    low, high = given.get("low", {}), given.get("high", {})
    same_unit = low.get("code") == high.get("code") and low.get("system") == high.get("system")
    return "value" in low and "value" in high and same_unit and low["value"] > high["value"]


def _uses_home(value: _Object, name: str) -> bool:
    return any(entry.get("use") == "home" for entry in value.get(name, ()))


def _offset_without_event(repeat: _Object) -> bool:
    events = repeat.get("when", ())
    return "offset" in repeat and (not events or not _UNSPECIFIC_EVENTS.isdisjoint(events))


def _repeats(entries: list[_Object], name: str) -> bool:
    values = [entry[name] for entry in entries if name in entry]
    return len(set(values)) < len(values)


def _is_unknown_applicability(cost: _Object) -> bool:
    known = {"in-network", "out-of-network", "other"}
    codings = cost.get("applicability", {}).get("coding")
    return codings is not None and all(coding.get("code") not in known for coding in codings)


def _capability_parts(statement: _Object) -> Problems:
    kind = statement.get("kind")
    has_software, has_implementation = "software" in statement, "implementation" in statement
    if kind == "instance" and not has_implementation:
        return _broken("cpb-14: an instance has an implementation.")
    if kind == "capability" and (has_implementation or not has_software):
        return _broken("cpb-15: a capability has software and no implementation.")
    if kind == "requirements" and (has_implementation or has_software):
        return _broken("cpb-16: requirements have neither software nor implementation.")
    return None


def _holds_one_thing(parameter: _Object) -> bool:
    given = ("part" in parameter) + ("resource" in parameter) + _has_choice(parameter, "value")
    return given == 1


_SYSTEM_FOR_CODE = (_needs("qty-3: the code of a unit needs its system.", "code", "system"),)

_DATATYPES: dict[str, tuple[Rule, ...]] = {
    **dict.fromkeys(("Quantity", "Age", "Count", "Distance", "Duration"), _SYSTEM_FOR_CODE),
    "Attachment": (_needs("att-1: data needs a contentType.", "data", "contentType"),),
    "ContactPoint": (_needs("cpt-2: a value needs a system.", "value", "system"),),
    "Expression": (
        _invariant(
            "exp-1: an expression or a reference is given.",
            lambda value: not (_has(value, "expression") or _has(value, "reference")),
        ),
    ),
    "Extension": (_extension,),
    "Period": (_invariant("per-1: the period ends before it starts.", _ends_before_start),),
    "Range": (_invariant("rng-2: the low end is above the high end.", _is_reversed),),
    "Ratio": (
        _invariant(
            "rat-1: numerator and denominator are given together, or extensions instead.",
            lambda value: (
                ("numerator" in value) != ("denominator" in value)
                or not ("numerator" in value or "extension" in value)
            ),
        ),
    ),
    "TimingRepeat": (
        _needs("tim-1: a duration needs a unit.", "duration", "durationUnit"),
        _needs("tim-2: a period needs a unit.", "period", "periodUnit"),
        _invariant("tim-4: a duration is not negative.", lambda v: v.get("duration", 0) < 0),
        _invariant("tim-5: a period is not negative.", lambda v: v.get("period", 0) < 0),
        _needs("tim-6: periodMax needs a period.", "periodMax", "period"),
        _needs("tim-7: durationMax needs a duration.", "durationMax", "duration"),
        _needs("tim-8: countMax needs a count.", "countMax", "count"),
        _invariant("tim-9: an offset needs a specific event.", _offset_without_event),
        _invariant("tim-10: timeOfDay excludes when.", lambda v: "timeOfDay" in v and "when" in v),
    ),
}

_RESOURCES: dict[str, tuple[Rule, ...]] = {
    "Task": (
        _invariant(
            "inv-1: lastModified lies before authoredOn.",
            lambda task: (
                "authoredOn" in task
                and "lastModified" in task
                and is_after(task["authoredOn"], task["lastModified"])
            ),
            ".lastModified",
        ),
    ),
    "CoverageEligibilityResponseInsuranceItem": (
        _invariant(
            "ces-1: either a category or a productOrService is given.",
            lambda item: ("category" in item) == ("productOrService" in item),
        ),
    ),
    "Organization": (
        _invariant(
            "org-1: an organization has a name or an identifier.",
            lambda value: not (_has(value, "name") or "identifier" in value),
        ),
        _invariant(
            "org-2: no address of an organization is of use home.",
            lambda value: _uses_home(value, "address"),
            ".address",
        ),
        _invariant(
            "org-3: no telecom of an organization is of use home.",
            lambda value: _uses_home(value, "telecom"),
            ".telecom",
        ),
    ),
    "PatientContact": (
        _invariant(
            "pat-1: a contact has a name, telecom, address or organization.",
            lambda value: value.keys().isdisjoint(("name", "telecom", "address", "organization")),
        ),
    ),
    "InsurancePlan": (
        _invariant(
            "ipn-1: a plan has a name or an identifier.",
            lambda value: not (_has(value, "name") or "identifier" in value),
        ),
    ),
    "InsurancePlanPlanSpecificCostBenefitCost": (
        _invariant(
            "The applicability is not in the required value set.",
            _is_unknown_applicability,
            ".applicability",
        ),
    ),
    "AuditEventEntity": (
        _invariant(
            "sev-1: an entity has a name or a query, not both.",
            lambda value: _has(value, "name") and _has(value, "query"),
        ),
    ),
    "ParametersParameter": (
        _invariant(
            "inv-1: a parameter has exactly one of value, resource and parts.",
            lambda value: not _holds_one_thing(value),
        ),
    ),
    "CodeSystem": (
        _invariant(
            "csd-1: a code is defined once.",
            lambda value: _repeats(value.get("concept", ()), "code"),
            ".concept",
        ),
    ),
    "CapabilityStatement": (
        _invariant(
            "cpb-1: there is a REST, messaging or document element.",
            lambda value: value.keys().isdisjoint(("rest", "messaging", "document")),
        ),
        _invariant(
            "cpb-2: there is a description, software or implementation.",
            lambda value: value.keys().isdisjoint(("description", "software", "implementation")),
        ),
        _capability_parts,
    ),
    "CapabilityStatementRest": (
        _invariant(
            "cpb-9: a resource type is described once.",
            lambda value: _repeats(value.get("resource", ()), "type"),
            ".resource",
        ),
    ),
    "CapabilityStatementRestResource": (
        _invariant(
            "cpb-12: a search parameter is named once.",
            lambda value: _repeats(value.get("searchParam", ()), "name"),
            ".searchParam",
        ),
    ),
}

RULES: dict[str, tuple[Rule, ...]] = _DATATYPES | _RESOURCES | BUNDLE_RULES

"""Which systems a Task's codes and input types are known under.

`nullify`, `deliver`, `count`, `ack` and `resource` stand in no HL7 code system, and senders spell
the systems in several ways: all seven codes and all input types are known under each. A code of
any other system means something else and is not known.
http://terminology.hl7.org/CodeSystem/financialtaskcode
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from app.domain.canonical import TASK_CODES, TASK_INPUTS
from app.domain.codes import InputType, TaskCode

E = TypeVar("E", bound=StrEnum)

TASK_CODE_SYSTEMS = frozenset(
    {
        None,
        TASK_CODES,
        "http://terminology.hl7.org/CodeSystem/financialtaskcode",
        "http://hl7.org/fhir/financialtaskcode",
        "http://hl7.org/fhir/CodeSystem/financialtaskcode",
        "http://nphies.sa/terminology/CodeSystem/task-code",
        "https://nrces.in/ndhm/fhir/r4/CodeSystem/ndhm-task-codes",
    }
)

# The second is what the official example fm-example3 really sends.
INPUT_TYPE_SYSTEMS = frozenset(
    {
        None,
        TASK_INPUTS,
        "http://hl7.org/financial-taskinputtype",
        "http://terminology.hl7.org/CodeSystem/financialtaskinputtype",
        "http://hl7.org/fhir/ValueSet/financial-taskinputtype",
        "http://nphies.sa/terminology/CodeSystem/task-input-type",
        "http://nphies.sa/terminology/ValueSet/task-input-type",
        "https://nrces.in/ndhm/fhir/r4/CodeSystem/ndhm-task-input-type-code",
    }
)


def task_codes(concept: Mapping[str, Any] | None) -> list[TaskCode]:
    """Every distinct meaning among the codings of Task.code."""
    return _meanings(concept, TaskCode, TASK_CODE_SYSTEMS)


def input_types(concept: Mapping[str, Any]) -> list[InputType]:
    """Every distinct meaning among the codings of Task.input.type, else of its text."""
    meanings = _meanings(concept, InputType, INPUT_TYPE_SYSTEMS)
    if not meanings and "coding" not in concept:
        return _known([concept.get("text", "")], InputType)
    return meanings


def _meanings(
    concept: Mapping[str, Any] | None, codes: type[E], systems: frozenset[str | None]
) -> list[E]:
    codings = (concept or {}).get("coding", ())
    return _known(
        (each.get("code", "") for each in codings if each.get("system") in systems), codes
    )


def _known(words: Iterable[str], codes: type[E]) -> list[E]:
    meanings = (codes(word) for word in words if word in codes.__members__.values())
    return list(dict.fromkeys(meanings))

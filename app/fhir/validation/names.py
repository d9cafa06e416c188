"""What the names of an object's members tell: mandatory ones missing, two of a choice given.

http://hl7.org/fhir/R4/formats.html#choice
"""

from typing import Any

from app.domain.issues import ErrorCode
from app.fhir.validation.problems import Problem, Problems
from app.fhir.validation.schema import Definition

# A hostile sender may make sequences of names up; they hold no content, and not many are kept.
_KEPT = 200


class Names:
    """The rules of one type about which members are there.

    Most objects look like one seen before, the same names in the same order: `proven` holds the
    sequences that need no second look, and is None for a type without such rules.
    """

    def __init__(self, of: Definition) -> None:
        self._required = frozenset(e.name for e in of.elements if e.is_required)
        self._names = {e.name for e in of.elements} | {"resourceType"}
        self._primitives = frozenset(e.name for e in of.elements if e.is_primitive)
        self._choices: dict[str, set[str]] = {}
        self._required_choices = set()
        for element in of.elements:
            if element.choice is not None:
                self._choices.setdefault(element.choice, set()).add(element.name)
                if element.choice_is_required:
                    self._required_choices.add(element.choice)
        has_rules = self._required or self._choices
        self.proven: set[tuple[str, ...]] | None = set() if has_rules else None

    def problems_of(self, value: dict[str, Any]) -> Problems:
        """All that is missing or too much; unknown names are not asked for here."""
        problems = self._missing(value) + self._ambiguous(value)
        if problems:
            return problems
        # Absence for a given reason is told by the content, not by the names.
        is_proven = self._required <= value.keys() <= self._names
        if is_proven and self.proven is not None and len(self.proven) < _KEPT:
            self.proven.add(tuple(value))
        return None

    def _missing(self, value: dict[str, Any]) -> list[Problem]:
        # A primitive may be given by extensions alone, such as the reason why it is absent.
        return [
            (f".{name}", ErrorCode.REQUIRED, "The element is mandatory.")
            for name in sorted(self._required - value.keys())
            if not (name in self._primitives and _has_extension(value.get(f"_{name}")))
        ]

    def _ambiguous(self, value: dict[str, Any]) -> list[Problem]:
        given = {name.removeprefix("_") for name in value}
        problems = []
        for choice, members in self._choices.items():
            count = len(members & given)
            if count > 1:
                text = "More than one alternative of a choice is given."
                problems.append((f".{choice}[x]", ErrorCode.CHOICE, text))
            elif count == 0 and choice in self._required_choices:
                text = "One of the alternatives is mandatory."
                problems.append((f".{choice}[x]", ErrorCode.REQUIRED, text))
        return problems


def _has_extension(value: object) -> bool:
    if isinstance(value, list):
        return any(_has_extension(entry) for entry in value)
    return isinstance(value, dict) and bool(value.get("extension"))

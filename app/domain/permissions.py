"""What a credential may do: SMART scopes, read strictly and compared as sets.

https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html
Docs: docs/scopes.md.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.domain.codes import TaskCode

LETTERS = "cruds"
# A scope for each label and letter of every type there is, and as many again.
MOST_SCOPES = 1000
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
# The same code system, as it was called before and as an OID.
_SPELLINGS = frozenset(
    {CONFIDENTIALITY, "http://hl7.org/fhir/v3/Confidentiality", "urn:oid:2.16.840.1.113883.5.25"}
)
# Labels that need a scope of their own; of several on one resource the first of these counts.
GUARDED = ("V", "R")

# Every type.
EACH = "*"
# The letters of the first version of SMART, which knew no others.
_FIRST_VERSION = {"read": "rs", "write": "cud", "*": LETTERS}
_SHAPE = re.compile(r"system/(\*|[A-Z][A-Za-z]{0,63})\.(\*|[a-z]{1,5})(?:\?([^?]{1,120}))?")


def label_that_counts(labels: Collection[str]) -> str | None:
    """The highest of a resource's codes of confidentiality; None where it is not guarded."""
    return next((one for one in GUARDED if one in labels), None)


@dataclass(frozen=True, slots=True, order=True)
class _Grant:
    """One thing that is allowed; an empty `code` is every Task code, an empty `label` no label."""

    type: str
    code: str
    label: str
    letter: str

    def givers(self) -> "Iterator[_Grant]":
        """Every one of which whoever has it has this: itself, and those that are wider."""
        # Who may create may label what it creates.
        labels = {self.label, ""} if self.letter == "c" else {self.label}
        for type in {self.type, EACH}:
            for code in {self.code, ""}:
                for label in labels:
                    yield _Grant(type, code, label, self.letter)

    def meet(self, other: "_Grant") -> "_Grant | None":
        """What both allow; None for nothing."""
        type = self.type if other.type == EACH else other.type
        one = _Grant(type, self.code or other.code, self.label or other.label, self.letter)
        return one if {self, other} <= set(one.givers()) else None

    def __str__(self) -> str:
        return _written(self.type, self.letter, self.code, self.label)


@dataclass(frozen=True, slots=True)
class Permissions:
    """What scopes allow together; equal where they allow the same."""

    grants: frozenset[_Grant]

    @classmethod
    def parse(cls, text: str) -> "Permissions":
        """Read scopes that are separated by single spaces; raises ValueError, also for none."""
        scopes = text.split(" ", MOST_SCOPES)
        if len(scopes) > MOST_SCOPES:
            raise ValueError(f"More than {MOST_SCOPES} scopes are not read.")
        return cls(_narrowed(grant for scope in scopes for grant in _read(scope)))

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all is allowed."""
        return not self.grants

    @property
    def types(self) -> frozenset[str]:
        """The types that are named; `*` for each."""
        return frozenset(grant.type for grant in self.grants)

    def touches(self, letter: str, type: str) -> bool:
        """Whether an interaction is allowed at all: of some Task code, with some label or none."""
        return any(grant.letter == letter and grant.type in {EACH, type} for grant in self.grants)

    def types_with(self, letters: str, label: str) -> frozenset[str]:
        """The types of which one of the letters is allowed with a label; `*` for each."""
        return frozenset(
            grant.type for grant in self.grants if grant.letter in letters and grant.label == label
        )

    def within(self, registered: "Permissions") -> "Permissions":
        """What both these and those allow."""
        by_type: dict[tuple[str, str], list[_Grant]] = {}
        for other in registered.grants:
            by_type.setdefault((other.letter, other.type), []).append(other)
            if other.type != EACH:
                by_type.setdefault((other.letter, ""), []).append(other)
        met = (
            one.meet(other)
            for one in self.grants
            for type in (EACH, "" if one.type == EACH else one.type)
            for other in by_type.get((one.letter, type), ())
        )
        return Permissions(_narrowed(one for one in met if one is not None))

    def allows(
        self,
        letter: str,
        type: str,
        *,
        task_code: str | None = None,
        labels: Collection[str] = (),
    ) -> bool:
        """Whether an interaction is allowed, with a resource that has these labels.

        Without `task_code` the creation of Tasks is meant as such, whatever their code.
        """
        label = label_that_counts(labels) or ""
        asked = _Grant(type, task_code or "", label, letter)
        return any(grant in self.grants for grant in asked.givers())

    def __str__(self) -> str:
        grouped: dict[tuple[str, str, str], str] = {}
        for grant in sorted(self.grants, key=lambda one: LETTERS.index(one.letter)):
            key = (grant.type, grant.code, grant.label)
            grouped[key] = grouped.get(key, "") + grant.letter
        return " ".join(
            _written(type, letters, code, label)
            for (type, code, label), letters in sorted(grouped.items())
        )


def label_of(document: Mapping[str, Any]) -> str | None:
    """The label of a resource that counts, by its meta.security; None where it is not guarded."""
    meta = document.get("meta")
    tags = meta.get("security") if isinstance(meta, Mapping) else None
    codings = [one for one in tags if isinstance(one, Mapping)] if isinstance(tags, list) else []
    return label_that_counts([one["code"] for one in codings if _is_confidentiality(one)])


def _is_confidentiality(coding: Mapping[str, Any]) -> bool:
    return coding.get("system") in _SPELLINGS and isinstance(coding.get("code"), str)


def scope_for(
    letter: str, type: str, *, task_code: str | None = None, labels: Collection[str] = ()
) -> str:
    """The narrowest scope that allows an interaction."""
    label = label_that_counts(labels) if letter != "c" else None
    return _written(type, letter, task_code or "", label or "")


def _read(scope: str) -> Iterator[_Grant]:
    shape = _SHAPE.fullmatch(scope)
    if shape is None:
        raise ValueError("A scope is 'system/', a type or *, a dot, and letters of 'cruds'.")
    type, letters, query = shape.groups()
    if letters in _FIRST_VERSION:
        if query is not None:
            raise ValueError("Only a scope with letters of 'cruds' has a query part.")
        letters = _FIRST_VERSION[letters]
    elif letters != "".join(letter for letter in LETTERS if letter in letters):
        raise ValueError("The letters of a scope are of 'cruds', in that order, each once.")
    code, label = _restriction(type, letters, query)
    return (_Grant(type, code, label, letter) for letter in letters)


def _restriction(type: str, letters: str, query: str | None) -> tuple[str, str]:
    if query is None:
        return "", ""
    name, _, value = query.partition("=")
    if name == "code":
        if (type, letters) != ("Task", "c") or value not in set(TaskCode):
            raise ValueError("The part 'code=' belongs to 'system/Task.c' and names a Task code.")
        return value, ""
    if name == "_security":
        label = value.removeprefix(f"{CONFIDENTIALITY}|")
        if label not in GUARDED:
            raise ValueError("The part '_security=' names R or V.")
        return "", label
    raise ValueError("The query part of a scope is 'code=' or '_security='.")


def _narrowed(grants: Iterable[_Grant]) -> frozenset[_Grant]:
    """Without those that another gives."""
    each = frozenset(grants)
    return frozenset(
        one for one in each if not any(other in each for other in one.givers() if other != one)
    )


def _written(type: str, letters: str, code: str, label: str) -> str:
    restriction = f"?code={code}" if code else f"?_security={label}" if label else ""
    return f"system/{type}.{letters}{restriction}"


# Whoever was registered without scopes: all that its kind may do, with labels and without.
EVERYTHING = Permissions.parse(
    " ".join(["system/*.cruds", *(f"system/*.cruds?_security={label}" for label in GUARDED)])
)

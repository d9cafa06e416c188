"""Conditions of a ChargeItemDefinition on the line of a Claim, in FHIRPath.

A path begins at the line. `%age` are the patient's whole years on the day of the service,
`%patient` has the `gender` and the `birthDate`, `%network` is 'in-network' or 'out-of-network' as
the provider is on that day, `%resource` is the Claim. What would be decided by
something that is not known does not hold. An expression is read in one pass, has no loop and no
pattern, and looks at an element as often as it names it: its time is bounded by its length. What it
says of the Claim as a whole is found once for all lines.
http://hl7.org/fhir/R4/chargeitemdefinition-definitions.html#ChargeItemDefinition.applicability
"""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

from app.domain.period import first_day, instant
from app.fhir.business.claim_wide import Once, among
from app.fhir.search.expressions import Parser, constant, tokens
from app.fhir.search.operators import (
    Moment,
    either,
    equality,
    membership,
    negated,
    ordered,
)
from app.fhir.search.paths import Member, Step, Values, Where, exists
from app.fhir.validation.schema import definition

AGE, NETWORK, PATIENT, RESOURCE = "%age", "%network", "%patient", "%resource"

_LINE = "the line"
_CLAIM = frozenset({RESOURCE})
_OF_PATIENT = frozenset({"gender", "birthDate"})
_LONGEST = 1000
_DEEPEST = 20
_TOKEN = re.compile(
    r"\s*('[^'\\]*'|@[0-9]{4}[0-9T:+.Z-]*|[0-9]+(?:\.[0-9]+)?|%?[A-Za-z]\w*|!=|<=|>=|[.|()=<>])"
)
_MOMENT = re.compile(
    r"@[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01])"
    r"(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}:[0-9]{2}))?)?)?"
)
_NOT_LOOKED_INTO = {"Extension", "Resource", "Narrative", "Meta"}
_ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition that is understood; `reads_claim` False: it looks at nothing but the patient."""

    step: Step
    reads_claim: bool

    def holds(self, line: Any, variables: Mapping[str, Any]) -> bool:
        """Whether it is true of a line, given the variables by their names."""
        return self.step([line], variables) == [True]


def is_understood(expression: str) -> bool:
    """Whether a condition is one that this module evaluates."""
    try:
        compiled_condition(expression)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=1024)
def compiled_condition(expression: str) -> Condition:
    """What a condition means; raises ValueError, with a reason, for one that is not understood."""
    if len(expression) > _LONGEST:
        raise ValueError(f"it is longer than {_LONGEST} characters")
    parser = _Parser(tokens(expression, _TOKEN), None)
    step = parser.expression()
    parser.expect(None)
    return Condition(step, parser.reads_claim)


@cache
def _element_names() -> frozenset[str]:
    """The elements of a Claim and of all below it; the name of one that is none is a slip."""
    names: set[str] = set()
    seen, waiting = {"Claim", *_NOT_LOOKED_INTO}, ["Claim"]
    while waiting:
        for element in definition(waiting.pop()).elements:
            names |= {element.name, element.choice or element.name}
            if not element.is_primitive and element.type not in seen:
                seen.add(element.type)
                waiting.append(element.type)
    return frozenset(names)


def _empty(nodes: Values, _root: Any) -> Values:
    return [not nodes]


def _first(nodes: Values, _root: Any) -> Values:
    return nodes[:1]


def _count(nodes: Values, _root: Any) -> Values:
    return [Decimal(len(nodes))]


_FUNCTIONS: Mapping[str, Step] = {
    "empty": _empty,
    "not": negated,
    "first": _first,
    "count": _count,
}


class _Parser(Parser):
    """The whole of a condition; what is deeper or longer than anybody writes is refused."""

    def __init__(self, tokens: list[str], type: str | None) -> None:
        super().__init__(tokens, type)
        self._depth = 0
        self._criteria = 0
        # What the part that is being read depends on, beside constants and the patient.
        self._depends: frozenset[str] = frozenset()
        self._walks_claim = False
        self._parts = 0
        self.reads_claim = False

    def expression(self) -> Step:
        """Read `a or b`."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ValueError(f"nested deeper than {_DEEPEST}")
        left = super().expression()
        while self._taken("or"):
            left = either(left, super().expression())
        self._depth -= 1
        return left

    def _equality(self) -> Step:
        """Read `a in b` and `a contains b`, then what binds closer."""
        return self._part(self._membership)[0]

    def _membership(self) -> Step:
        left, of_left = self._part(self._equal)
        if self._taken("in"):
            return _member(left, *self._part(self._equal))
        if self._taken("contains"):
            return _member(self._equal(), left, of_left)
        return left

    def _union(self) -> Step:
        outer, self._parts = self._parts, 0
        step, depends = self._part(super()._union)
        if self._parts > 1 and depends > _CLAIM:
            raise ValueError(f"{RESOURCE} is joined by | with what each line has of its own")
        self._parts = outer
        return step

    def _typed(self) -> Step:
        self._parts += 1
        return super()._typed()

    def _part(self, read: Callable[[], Step]) -> tuple[Step, frozenset[str]]:
        """Read a part, and what it depends on; of the Claim alone it is found once."""
        outer, walks_claim = self._depends, self._walks_claim
        self._depends = frozenset()
        step, depends = read(), self._depends
        self._depends, self._walks_claim = outer | depends, walks_claim
        return (Once(step) if depends == _CLAIM else step), depends

    def _equal(self) -> Step:
        left = self._ordered()
        for sign, is_equal in (("=", True), ("!=", False)):
            if self._taken(sign):
                return equality(left, self._ordered(), is_equal=is_equal)
        return left

    def _ordered(self) -> Step:
        left = self._union()
        for sign, holds in _ORDERS.items():
            if self._taken(sign):
                return ordered(left, self._union(), holds)
        return left

    def _start(self) -> Step:
        step = self._beginning()
        self._walks_claim |= RESOURCE in self._depends
        return step

    def _beginning(self) -> Step:
        token = self._next() or ""
        if token[:1] == "%":
            return self._variable(self._tokens.pop())
        if token[:1] == "@":
            return _moment(self._tokens.pop())
        if token[:1].isdigit():
            return constant(Decimal(self._tokens.pop()))
        if token[:1].isalpha() and token not in {"true", "false"} and not self._criteria:
            self._depends |= {_LINE}
        return super()._start()

    def _variable(self, name: str) -> Step:
        # Within criteria a path of its own would be walked once for each element; and criteria on
        # the whole Claim that differ by the line, once for each line.
        within = () if self._walks_claim else (AGE, NETWORK)
        if name not in (within if self._criteria else (AGE, NETWORK, PATIENT, RESOURCE)):
            raise ValueError(f"{name} is not understood here")
        self.reads_claim |= name in {NETWORK, RESOURCE}
        if name != PATIENT:
            self._depends |= {name}
        if name == PATIENT:
            return self._patient()
        return lambda _nodes, root: [root[name]] if root.get(name) is not None else []

    def _patient(self) -> Step:
        self.expect(".")
        name = self._word()
        if name not in _OF_PATIENT:
            raise ValueError(f"{PATIENT} has {' and '.join(sorted(_OF_PATIENT))}")
        member = Member(name)
        return lambda _nodes, root: member([root.get(PATIENT)], root)

    def _step(self) -> Step:
        name = self._next() or ""
        if self._tokens[-2:-1] != ["("]:
            if name not in _element_names():
                raise ValueError(f"a Claim has no element {name}")
            self.reads_claim = True
        return super()._step()

    def _function(self, name: str) -> Step:
        if name in _FUNCTIONS:
            return _FUNCTIONS[name]
        if name not in {"where", "exists"}:
            raise ValueError(f"{name}() is not understood")
        if name == "exists" and self._next() == ")":
            return exists
        self._criteria += 1
        where = Where(self.expression())
        self._criteria -= 1
        return where if name == "where" else lambda nodes, root: exists(where(nodes, root), root)


def _member(one: Step, others: Step, depends: frozenset[str]) -> Step:
    return among(one, others) if depends == _CLAIM else membership(one, others)


def _moment(token: str) -> Step:
    if not _MOMENT.fullmatch(token):
        raise ValueError(f"{token} is no date")
    text = token[1:]
    # Neither a 31 February nor a minute 61 is ever met.
    first_day(text)
    if "T" in text:
        instant(text)
    return constant(Moment(text))

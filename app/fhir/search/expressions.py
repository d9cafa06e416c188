"""The part of FHIRPath that search parameters are defined in, compiled to plain functions.

Paths, `|`, `as`, `is`, `and`, `=`, `!=`, and the functions `where`, `exists`, `extension`, `as`
and `resolve`. A reference resolves to no more than the type that it names. `Parser` is what richer
grammars begin with.
http://hl7.org/fhirpath/N1/, http://hl7.org/fhir/R4/fhirpath.html
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from app.fhir.search.operators import both, equality
from app.fhir.search.paths import (
    Extension,
    Member,
    Path,
    Step,
    Union,
    Values,
    Where,
    exists,
    itself,
    resolved_types,
)

TOKEN = re.compile(r"\s*('[^']*'|[A-Za-z]\w*|!=|[.|()=])")
_CONSTANTS = {"true": True, "false": False}


def compiled(expression: str, type: str | None = None) -> Callable[[Any], Values]:
    """What an expression finds in a resource of this type, or in an element where there is none.

    Raises ValueError for what is not of the part of FHIRPath that is understood.
    """
    step = step_of(expression, type)
    return lambda node: step([node], node)


def step_of(expression: str, type: str | None = None) -> Step:
    """An expression as the one step that it is; raises ValueError as `compiled` does."""
    parser = Parser(tokens(expression, TOKEN), type)
    step = parser.expression()
    parser.expect(None)
    return step


class Parser:
    """Each method reads one level of precedence, the loosest first; the first token is the last."""

    def __init__(self, tokens: list[str], type: str | None) -> None:
        self._tokens = tokens
        self._type = type

    def expression(self) -> Step:
        """Read `a and b`."""
        left = self._equality()
        while self._taken("and"):
            left = both(left, self._equality())
        return left

    def expect(self, token: str | None) -> None:
        """Take this token, None for the end; raises ValueError for another."""
        if self._next() != token:
            raise ValueError(f"expected {token or 'the end'}, found {self._next()}")
        if token is not None:
            self._tokens.pop()

    def _equality(self) -> Step:
        left = self._union()
        if self._taken("="):
            return equality(left, self._union(), is_equal=True)
        if self._taken("!="):
            return equality(left, self._union(), is_equal=False)
        return left

    def _union(self) -> Step:
        parts = [self._typed()]
        while self._taken("|"):
            parts.append(self._typed())
        return parts[0] if len(parts) == 1 else Union(tuple(parts))

    def _typed(self) -> Step:
        path = self._path()
        if self._taken("as"):
            return _chained(_cast(path, self._word()))
        if self._taken("is"):
            return _is(_chained(path), self._word())
        return _chained(path)

    def _path(self) -> list[Step]:
        path = [self._start()]
        while self._taken("."):
            if self._taken("as"):
                self.expect("(")
                path = _cast(path, self._word())
                self.expect(")")
            else:
                path.append(self._step())
        return path

    def _start(self) -> Step:
        token = self._next() or ""
        if self._taken("("):
            inner = self.expression()
            self.expect(")")
            return inner
        if token.startswith("'") or token in _CONSTANTS:
            return constant(_CONSTANTS.get(self._tokens.pop(), token.strip("'")))
        if token == self._type:
            self._tokens.pop()
            return itself
        return self._step()

    def _step(self) -> Step:
        name = self._word()
        if not self._taken("("):
            return Member(name)
        step = self._function(name)
        self.expect(")")
        return step

    def _function(self, name: str) -> Step:
        if name == "where":
            return Where(self.expression())
        if name == "exists":
            return exists
        if name == "resolve":
            return resolved_types
        if name == "extension" and (self._next() or "").startswith("'"):
            return Extension(self._tokens.pop().strip("'"))
        raise ValueError(f"{name}() is not understood")

    def _next(self) -> str | None:
        return self._tokens[-1] if self._tokens else None

    def _taken(self, token: str) -> bool:
        if self._next() != token:
            return False
        self._tokens.pop()
        return True

    def _word(self) -> str:
        word = self._next() or ""
        if not word[:1].isalpha():
            raise ValueError(f"expected a name, found {word}")
        return self._tokens.pop()


def tokens(expression: str, pattern: re.Pattern[str]) -> list[str]:
    """The tokens of an expression, the first one last; raises ValueError."""
    found, position = [], 0
    while position < len(expression.rstrip()):
        token = pattern.match(expression, position)
        if token is None:
            raise ValueError(f"not understood from {position} on: {expression}")
        found.append(token[1])
        position = token.end()
    return found[::-1]


def _cast(path: Sequence[Step], type: str) -> list[Step]:
    last = path[-1]
    if not isinstance(last, Member):
        raise ValueError("only an element is cast")  # noqa: TRY004  the expression is wrong
    return [*path[:-1], replace(last, cast=type)]


def _chained(path: Sequence[Step]) -> Step:
    return Path(tuple(step for step in path if step is not itself))


def constant(value: Any) -> Step:
    """Leads to this value, wherever it starts."""
    return lambda _nodes, _root: [value]


def _is(path: Step, type: str) -> Step:
    # Only what `resolve()` gives is asked for its type, and that gives names of types.
    return lambda nodes, root: [each == type for each in path(nodes, root)]

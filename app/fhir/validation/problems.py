"""What a checker finds: nothing on the common path, else where and what, paths built on the way up.

A checker does not know where it stands; whoever called it puts the name in front. So a path costs
nothing until something is wrong.
"""

import re
from collections.abc import Callable
from typing import Any

from app.domain.issues import ErrorCode

# The path below the element that was checked (".code", "[0].system", ""), the kind, a sentence.
Problem = tuple[str, ErrorCode, str]
Problems = list[Problem] | None
# The `#id` references that were met, to be looked up where the resource ends.
LocalReferences = list[str]
Checker = Callable[[Any, LocalReferences], Problems]
# An invariant of one object whose elements have their types.
Rule = Callable[[dict[str, Any]], Problems]

# An answer longer than this helps nobody, and would let small bodies cause large ones.
MAX_PROBLEMS = 500

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{0,63}")


def one(error: ErrorCode, text: str, path: str = "") -> list[Problem]:
    """A single problem at the element itself, or at `path` below it."""
    return [(path, error, text)]


def below(prefix: str, problems: list[Problem]) -> list[Problem]:
    """The same problems, seen from one step further up; no more than `MAX_PROBLEMS` go on."""
    return [(prefix + path, error, text) for path, error, text in problems[:MAX_PROBLEMS]]


def joined(problems: Problems, more: list[Problem]) -> list[Problem]:
    """The first list, longer by the second: in place, as there may be very many."""
    if problems is None:
        return more
    problems.extend(more)
    return problems


def mismatch(value: object, wanted: str) -> list[Problem]:
    """What to say of a value of the wrong JSON type: empty ones are called so."""
    if value is None:
        return one(ErrorCode.EMPTY, "null is not a value.")
    if isinstance(value, (str, list, dict)) and not value:
        return one(ErrorCode.EMPTY, "An empty string, array or object is not a value.")
    return one(ErrorCode.WRONG_TYPE, f"{wanted} is expected.")


def spelled(name: str) -> str:
    """A member's name as an error may repeat it: only what looks like an element's name."""
    bare = name.removeprefix("_")
    return bare if _NAME.fullmatch(bare) else "?"

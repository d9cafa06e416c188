"""What a condition says of a Claim as a whole: found once, and then looked up for each line.

Otherwise a Claim of a thousand lines would be walked a thousand times.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.fhir.search.operators import Moment, number_of, same
from app.fhir.search.paths import Step, Values

# Among the variables: what was found of the Claim so far. Without it nothing is kept.
FOUND = "found"


@dataclass(frozen=True, slots=True)
class Once:
    """A step that depends on the Claim alone, so that its values do for every line."""

    step: Step
    # Two that look alike are two: a step has no equal but itself.
    key: object = field(default_factory=object)

    def __call__(self, nodes: Values, root: Any) -> Values:
        """The values, as they were found first."""
        found = root.get(FOUND)
        if found is None:
            return self.step(nodes, root)
        if self.key not in found:
            found[self.key] = self.step(nodes, root)
        values: Values = found[self.key]
        return values


class _Listed:
    """Values that one is looked for among, by what makes two the same."""

    def __init__(self, values: Values) -> None:
        # A moment is the same as what is written otherwise; an expression has few.
        self._moments = [each for each in values if isinstance(each, Moment)]
        self._values = values
        self._keys = {_key(each) for each in values if not isinstance(each, Moment)}

    def has(self, value: Any) -> bool:
        """Whether one of them is the same as a value."""
        if isinstance(value, Moment):
            return any(same(value, each) for each in self._values)
        return _key(value) in self._keys or any(same(value, each) for each in self._moments)


def among(left: Step, right: Step) -> Step:
    """`in`, where the right side depends on the Claim alone."""
    listed = Once(lambda nodes, root: [_Listed(right(nodes, root))])

    def member(nodes: Values, root: Any) -> Values:
        one = left(nodes, root)
        return [listed(nodes, root)[0].has(one[0])] if len(one) == 1 else []

    return member


def _key(value: Any) -> Hashable:
    number = number_of(value)
    return ("number", number) if number is not None else (type(value).__name__, _frozen(value))


def _frozen(value: Any) -> Hashable:
    if isinstance(value, Mapping):
        return frozenset((name, _frozen(each)) for name, each in value.items())
    if isinstance(value, list):
        return tuple(map(_frozen, value))
    frozen: Hashable = value
    return frozen

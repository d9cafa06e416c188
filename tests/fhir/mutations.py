"""Documents that differ from a good one in a single place, repeatably."""

import copy
import random
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple


class Mutant(NamedTuple):
    """A changed copy, and what was done where."""

    change: str
    document: dict[str, Any]


class _Place(NamedTuple):
    holder: Any
    key: Any
    path: str


def mutants(document: dict[str, Any], seed: str, count: int) -> Iterator[Mutant]:
    """`count` mutants of a document, the same ones for the same seed."""
    chance = random.Random(seed)
    for _ in range(count):
        mutant = copy.deepcopy(document)
        place = chance.choice([p for p in _places(mutant) if p.path != ".resourceType"])
        change = chance.choice(CHANGES)
        change(place.holder, place.key)
        yield Mutant(f"{change.__name__} {place.path}", mutant)


def _places(value: Any, path: str = "") -> Iterator[_Place]:
    items: Iterator[tuple[Any, Any]] = iter(())
    if isinstance(value, dict):
        items = iter(value.items())
    elif isinstance(value, list):
        items = iter(enumerate(value))
    for key, content in items:
        below = f"{path}[{key}]" if isinstance(value, list) else f"{path}.{key}"
        yield _Place(value, key, below)
        yield from _places(content, below)


def delete(holder: Any, key: Any) -> None:
    del holder[key]


def rename(holder: Any, key: Any) -> None:
    if isinstance(holder, dict):
        holder[f"{key}X"] = holder.pop(key)
    else:
        holder[key] = {"renamed": holder[key]}


def underline(holder: Any, key: Any) -> None:
    """Give a value where only its extensions may be."""
    if isinstance(holder, dict):
        holder[f"_{key}"] = holder.pop(key)
    else:
        holder[key] = [holder[key]]


def retype(holder: Any, key: Any) -> None:
    value = holder[key]
    if isinstance(value, bool):
        holder[key] = str(value).lower()
    elif isinstance(value, (int, Decimal)):
        holder[key] = str(value)
    elif isinstance(value, str):
        holder[key] = 7
    elif isinstance(value, list):
        holder[key] = value[0] if value else "text"
    else:
        holder[key] = "text"


def repeat(holder: Any, key: Any) -> None:
    holder[key] = [holder[key], copy.deepcopy(holder[key])]


def null(holder: Any, key: Any) -> None:
    holder[key] = None


def empty_object(holder: Any, key: Any) -> None:
    holder[key] = {}


def empty_array(holder: Any, key: Any) -> None:
    holder[key] = []


def empty_string(holder: Any, key: Any) -> None:
    holder[key] = ""


def scramble(holder: Any, key: Any) -> None:
    """Another value of the same JSON type, which few elements can take."""
    value = holder[key]
    if isinstance(value, str):
        holder[key] = f" {value}  x"
    elif isinstance(value, bool):
        holder[key] = 1
    elif isinstance(value, (int, Decimal)):
        holder[key] = Decimal("-1.5")
    elif isinstance(value, dict):
        value["unheard"] = "of"
    else:
        value.append(None)


CHANGES: tuple[Callable[[Any, Any], None], ...] = (
    delete,
    rename,
    underline,
    retype,
    repeat,
    null,
    empty_object,
    empty_array,
    empty_string,
    scramble,
)

"""Values as exact text: what cannot be written or read, and what comes back as it was."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

import pytest

from app.domain.exact_text import Kinds, NotReadable, text_of, value_of


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True)
class Key:
    name: str
    period: int = 0


@dataclass(frozen=True, slots=True)
class Thing:
    amount: Decimal = Decimal(1)
    day: date | None = None
    colour: Colour = Colour.RED
    is_new: bool = False
    names: frozenset[str] = frozenset()
    sums: Mapping[Key, Decimal] | None = None
    parts: tuple["Thing", ...] = ()


@dataclass(frozen=True, slots=True)
class Later(Thing):
    """The same with a field more."""

    weight: int | None = None


@dataclass(frozen=True, slots=True)
class Imprecise:
    amount: float


@dataclass(frozen=True, slots=True)
class Pair:
    both: tuple[int, str]


NAMES = Kinds(names=(("Thing", Thing),))


def read(text, type_=Thing):
    return value_of(type_, text, NAMES)


# --- refused


@pytest.mark.parametrize("value", [Imprecise(0.5), Pair((1, "a"))], ids=["float", "fixed width"])
def test_what_has_no_exact_text_is_not_written(value):
    with pytest.raises(TypeError, match="no exact text"):
        text_of(value)


@pytest.mark.parametrize(
    "thing",
    [Thing(amount=1.5), Thing(is_new=1), Thing(parts=(Key("a"),)), Thing(names=frozenset({1}))],
    ids=["float", "1 for true", "another class", "int for text"],
)
def test_a_value_of_another_type_than_is_declared_is_not_written(thing):
    with pytest.raises(TypeError, match=" is no "):
        text_of(thing, NAMES)


UNREADABLE = {
    "no JSON": "{",
    "no object": "[]",
    "a number": "7",
    "a field that is not there": '{"size":"1"}',
    "a number for digits": '{"amount":1}',
    "no number": '{"amount":"many"}',
    "no day": '{"day":"2026-02-30"}',
    "no colour": '{"colour":"green"}',
    "1 for true": '{"is_new":1}',
    "half a pair": '{"sums":[[{"name":"a"}]]}',
}


@pytest.mark.parametrize("text", UNREADABLE.values(), ids=UNREADABLE)
def test_what_nobody_wrote_is_not_read_and_not_quoted(text):
    with pytest.raises(NotReadable) as told:
        read(text)

    assert (str(told.value), told.value.__cause__) == ("Thing", None)
    assert read("{}") == Thing()


# --- done

WRITTEN = {
    "the defaults": (Thing(), "{}"),
    "the last zero": (Thing(Decimal("10.10")), '{"amount":"10.10"}'),
    "an exponent": (Thing(Decimal("1E+2")), '{"amount":"1E+2"}'),
    "as the default, with other digits": (Thing(Decimal("1.00")), '{"amount":"1.00"}'),
    "a day": (Thing(day=date(2026, 3, 2)), '{"day":"2026-03-02"}'),
    "an enum": (Thing(colour=Colour.BLUE), '{"colour":"blue"}'),
    "a set": (Thing(names=frozenset({"b", "a"})), '{"names":["a","b"]}'),
    "an empty mapping is not none": (Thing(sums={}), '{"sums":[]}'),
    "a mapping": (
        Thing(sums={Key("b"): Decimal(2), Key("a", 7): Decimal("0.5")}),
        '{"sums":[[{"name":"a","period":7},"0.5"],[{"name":"b"},"2"]]}',
    ),
    "a thing in a thing": (Thing(parts=(Thing(is_new=True),)), '{"parts":[{"is_new":true}]}'),
    "a letter that is not ASCII": (
        Thing(names=frozenset({"ñ\ud800"})),
        '{"names":["\\u00f1\\ud800"]}',
    ),
}


@pytest.mark.parametrize(("thing", "text"), WRITTEN.values(), ids=WRITTEN)
def test_a_value_comes_back_as_it_was(thing, text):
    assert text_of(thing, NAMES) == text
    assert (read(text), text_of(read(text), NAMES)) == (thing, text)


def test_neither_the_order_of_a_mapping_nor_of_a_set_is_in_the_text():
    one = Thing(names=frozenset("abc"), sums={Key("a"): Decimal(1), Key("b"): Decimal(2)})
    other = Thing(names=frozenset("cba"), sums={Key("b"): Decimal(2), Key("a"): Decimal(1)})

    assert text_of(one) == text_of(other)


def test_a_field_that_comes_later_changes_no_text_of_before():
    assert text_of(Later(Decimal(2)), NAMES) == text_of(Thing(Decimal(2)), NAMES)
    assert read('{"amount":"2"}', Later) == Later(Decimal(2))


def test_what_many_values_share_is_written_once_and_as_ever():
    """A value that takes the place of one that is gone is another one all the same."""
    kinds = Kinds(shared=(Key,))
    shared = Key("a", 7)

    both = [text_of(Thing(sums={shared: Decimal(nth)}), kinds) for nth in (1, 2)]
    many = [text_of(Thing(sums={Key("b", nth): Decimal(1)}), kinds) for nth in range(200)]

    assert both == [
        '{"sums":[[{"name":"a","period":7},"1"]]}',
        '{"sums":[[{"name":"a","period":7},"2"]]}',
    ]
    assert many == [text_of(Thing(sums={Key("b", nth): Decimal(1)}), NAMES) for nth in range(200)]

"""The types that a poll's include and exclude leave."""

import pytest

from app.domain.selection import PENDED_TYPES, Selection

EVERY = frozenset(PENDED_TYPES)
A, B, C = "ClaimResponse", "ExplanationOfBenefit", "Patient"


@pytest.mark.parametrize(
    ("included", "excluded", "types"),
    [
        ((), (), None),
        ((A,), (), {A}),
        ((A, B), (), {A, B}),
        ((), (A,), EVERY - {A}),
        ((), (C,), EVERY),
        ((A, B), (A,), {B}),
        ((A,), (A,), set()),
        ((A,), (B,), {A}),
        ((C,), (), {C}),
        ((), tuple(EVERY), set()),
    ],
)
def test_exclude_wins_over_include(included, excluded, types):
    selection = Selection(included=frozenset(included), excluded=frozenset(excluded))

    assert selection.types == types


def test_every_pended_type_is_named_once():
    assert len(EVERY) == len(PENDED_TYPES) == 9

"""Which of several tokens of one client counts."""

from datetime import timedelta
from itertools import permutations

import pytest

from app.store.tokens import Token, settled
from tests.builders import NOW

LATER = NOW + timedelta(hours=1)
LAST = NOW + timedelta(hours=2)
TODAY = NOW + timedelta(days=1)


def a_token(token_hash, changed_at, disabled_at=None):
    return Token("payer", "client", token_hash, disabled_at, changed_at)


# --- nobody is let in


@pytest.mark.parametrize(
    "told",
    [
        pytest.param((a_token("a", NOW), a_token("b", NOW)), id="as old as each other"),
        pytest.param((a_token("a", NOW), a_token("b", None)), id="of no instant"),
        pytest.param((a_token("a", NOW, LATER), a_token("a", NOW)), id="disabled in one"),
        pytest.param((a_token("a", LATER), a_token("a", NOW, NOW)), id="disabled in the older"),
        pytest.param((a_token("b", NOW), a_token("a", LATER, LATER)), id="disabled last"),
    ],
)
def test_what_was_disabled_or_cannot_be_known_lets_nobody_in(told):
    for order in permutations(told):
        assert settled(order, TODAY).disabled_at is not None


# --- somebody is


@pytest.mark.parametrize(
    ("told", "counts"),
    [
        pytest.param((a_token("a", NOW),), a_token("a", NOW), id="one"),
        pytest.param((a_token("b", NOW), a_token("a", LATER)), a_token("a", LATER), id="newest"),
        pytest.param((a_token("a", NOW), a_token("a", None)), a_token("a", NOW), id="same"),
        pytest.param(
            (a_token("c", NOW, NOW), a_token("b", LATER), a_token("a", LAST)),
            a_token("a", LAST),
            id="issued after one was disabled",
        ),
        pytest.param(
            (a_token("b", LATER), a_token("c", LATER), a_token("a", LAST)),
            a_token("a", LAST),
            id="newer than two that are as old as each other",
        ),
    ],
)
def test_the_newest_counts_in_whatever_order(told, counts):
    for order in permutations(told):
        assert settled(order, TODAY) == counts

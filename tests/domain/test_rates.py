"""A bucket that fills again."""

from datetime import timedelta

import pytest

from app.domain.issues import ErrorCode
from app.domain.rates import Rate, TooOften

SECOND = 1_000_000
TWO_A_SECOND = Rate.per(timedelta(seconds=1), 2, burst=3)
NOW = 10**15


def asked(rate, *instants):
    """How long each had to wait who asked at these instants."""
    full_at, waits = 0, []
    for now in instants:
        waits.append(rate.wait(full_at, now))
        if not waits[-1]:
            full_at = rate.after(full_at, now)
    return waits


@pytest.mark.parametrize(
    ("instants", "waits"),
    [
        pytest.param([0, 0, 0], [0, 0, 0], id="burst"),
        pytest.param([0, 0, 0, 0], [0, 0, 0, SECOND // 2], id="one-more-than-the-burst"),
        pytest.param([0, 0, 0, 499_999], [0, 0, 0, 1], id="a-moment-too-early"),
        pytest.param([0, 0, 0, 500_000], [0, 0, 0, 0], id="in-time"),
        pytest.param([0, 0, 0, 0, 0, 500_000], [0, 0, 0, 500_000, 500_000, 0], id="refused-free"),
        pytest.param([0, 0, 0, 5 * SECOND] + [5 * SECOND] * 3, [0] * 6 + [500_000], id="rested"),
        pytest.param([0, -SECOND, -SECOND], [0, SECOND // 2, SECOND // 2], id="clock-set-back"),
    ],
)
def test_who_asks_too_often_waits_until_one_is_back(instants, waits):
    assert asked(TWO_A_SECOND, *(NOW + one for one in instants)) == waits


def test_without_a_burst_as_many_at_once_as_in_the_time():
    rate = Rate.per(timedelta(minutes=1), 60)

    assert asked(rate, *[NOW] * 61) == [0] * 60 + [SECOND]


@pytest.mark.parametrize(
    ("microseconds", "seconds"), [(1, 1), (SECOND, 1), (SECOND + 1, 2), (60 * SECOND, 60)]
)
def test_whoever_comes_back_after_the_told_seconds_is_let_in(microseconds, seconds):
    refusal = TooOften(microseconds)

    assert refusal.after_seconds == seconds
    assert (refusal.status, refusal.issues[0].error) == (429, ErrorCode.RATE)

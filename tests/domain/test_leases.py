"""Leases: each three times as long as the one before, five of them, then short ones."""

from datetime import timedelta

import pytest

from app.domain import leases


@pytest.mark.parametrize(
    ("before", "minutes"), [(0, 5), (1, 15), (2, 45), (3, 135), (4, 405), (5, 5), (6, 5)]
)
def test_a_lease_is_three_times_as_long_as_the_one_before(before, minutes):
    assert leases.length(before) == timedelta(minutes=minutes)


def test_there_are_five_in_nearly_ten_hours():
    every = [leases.length(before) for before in range(leases.MOST)]

    assert sum(every, timedelta()) == timedelta(hours=10, minutes=5)

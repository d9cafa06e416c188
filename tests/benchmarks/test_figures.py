"""Percentiles, samples that are added up, and goals that are judged."""

import pytest

from benchmarks.measuring.cells import Cell, Goal, goals_table, table_of
from benchmarks.measuring.figures import Sample, percentile, ratio


def a_sample(per_second: int, *, slowest: float = 1.0, **given) -> Sample:
    """So many answers in one second, all of one millisecond but the slowest."""
    return Sample([1.0] * (per_second - 1) + [slowest], 1.0, answered=per_second, **given)


def a_cell(job: str = "submit 3", *, connections: int = 16, **samples) -> Cell:
    given = {"gateway": a_sample(600), "floor": a_sample(1000), "peer": a_sample(100)} | samples
    return Cell("sqlite", job, connections, **given)


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        ([], 50, 0.0),
        ([7.0], 99, 7.0),
        ([4.0, 1.0, 3.0, 2.0], 50, 2.0),
        ([4.0, 1.0, 3.0, 2.0], 51, 3.0),
        ([float(nth) for nth in range(1, 101)], 95, 95.0),
        ([float(nth) for nth in range(1, 101)], 99, 99.0),
        ([float(nth) for nth in range(1, 102)], 99, 100.0),
        ([1.0, 2.0], 100, 2.0),
    ],
    ids=["none", "one", "half", "more-than-half", "95", "99", "rounded-up", "all"],
)
def test_a_percentile_is_the_smallest_value_that_so_many_do_not_exceed(values, percent, expected):
    assert percentile(values, percent) == expected


def test_rounds_are_added_up():
    both = Sample([1.0, 2.0], 1.0, 0.5, 0.1, 5, 1, "first") + Sample([3.0], 2.0, 0.1, 0.1, 1, 0)

    assert both == Sample([1.0, 2.0, 3.0], 3.0, 0.6, 0.2, 6, 1, "first")
    assert (both.per_second, both.processor_ms) == (1.0, pytest.approx(100.0))


def test_nothing_measured_is_nothing_a_second():
    assert (Sample().per_second, Sample().processor_ms, Sample().p99) == (0.0, 0.0, 0.0)


def test_a_ratio_to_nothing_is_unknown():
    assert ratio(1.0, 0.0) is None
    assert ratio(1.0, 4.0) == 0.25


@pytest.mark.parametrize(
    ("changed", "is_met"),
    [
        ({}, True),
        ({"gateway": a_sample(599)}, False),
        ({"floor": a_sample(1201)}, False),
        ({"peer": a_sample(101)}, False),
        ({"gateway": a_sample(600, unexpected=1)}, False),
        ({"gateway": Sample()}, False),
        ({"peer": None}, None),
        ({"peer": None, "floor": a_sample(1201)}, False),
        ({"floor": a_sample(1000, unexpected=1)}, None),
        ({"peer": a_sample(100, unexpected=1)}, None),
        ({"floor": Sample()}, None),
        ({"peer": Sample(seconds=1.0)}, None),
        ({"connections": 1}, None),
        ({"job": "live"}, None),
    ],
    ids=str,
)
def test_a_goal_is_met_if_all_of_it_is(changed, is_met):
    assert a_cell(**changed).is_met is is_met


@pytest.mark.parametrize(
    ("count", "slowest", "is_met"),
    [(500, 5.0, True), (500, 5.1, False), (499, 5.0, None), (499, 5.1, None)],
)
def test_a_mixed_load_may_spread_so_far_where_enough_was_seen(count, slowest, is_met):
    seen = Sample([1.0] * (count - 10) + [slowest] * 10, 1.0, answered=count)

    assert a_cell("mixed", gateway=seen, floor=None, peer=None).is_met is is_met


def test_what_was_not_measured_well_is_no_figure_and_told():
    floor = a_sample(1000, unexpected=2, surprise="503 no place")
    cells = [a_cell(floor=floor, peer=Sample(seconds=1.0)), a_cell("mixed", gateway=a_sample(16))]

    table = table_of("sqlite", [*cells, a_cell(connections=1)])
    figures = [dict(zip(table.heads, row, strict=True)) for row in table.rows]

    assert [(row["Floor/s"], row["x floor"], row["fhirstarter/s"]) for row in figures] == [
        (None, None, None),
        (1000, 0.6, 100),
        (1000, 0.016, 100),
    ]
    assert [row["Met"] for row in figures] == [None] * 3
    assert table.note == (
        "submit 3, 16 connections: 2 answers of the floor were not as expected: 503 no place"
        " submit 3, 16 connections: no answer of the fhirstarter."
        " mixed, 16 connections: 16 answers are too few to judge p99 by."
    )


def test_a_goal_is_told_in_words():
    told = str(Goal(floor=0.5, peer=6, per_second=120, spread=5))

    assert told == "≥ 0.5 x floor, ≥ 6 x fhirstarter, ≥ 120/s, p99 ≤ 5 x p50"


def test_goals_stand_beside_what_was_reached_on_each_database():
    cells = [
        a_cell(),
        Cell("postgresql", "submit 3", 16, a_sample(400), a_sample(1000), a_sample(50)),
        a_cell(connections=1),
        a_cell("live"),
    ]

    table = goals_table(cells)

    assert table.heads == ("Job", "Goal", "sqlite", "postgresql", "Met")
    assert table.rows == (
        (
            "submit 3",
            "≥ 0.5 x floor, ≥ 6 x fhirstarter",
            "600/s, 0.60 x floor, 6.00 x fhirstarter",
            "400/s, 0.40 x floor, 8.00 x fhirstarter",
            False,
        ),
    )

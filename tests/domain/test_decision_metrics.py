"""The figures of decisions, by hand."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from app.domain.codes import ClaimUse
from app.domain.decision_metrics import POPULATIONS, Metric, Tally, metrics, percent, seconds
from app.domain.decisions import Ending

HOUR = timedelta(hours=1)
APPROVED, PARTLY, DENIED = Ending.APPROVED, Ending.PARTLY, Ending.DENIED
# The figures of the page: ten standard requests, two expedited ones, and what became of appeals.
STANDARD = Tally(
    ClaimUse.PREAUTHORIZATION,
    is_expedited=False,
    is_drug=False,
    is_reissue=False,
    is_extended=False,
    is_late=False,
    ending=APPROVED,
    before=None,
    count=5,
    took=50 * HOUR,
)
EXPEDITED = replace(STANDARD, is_expedited=True, count=1, took=2 * HOUR)
AGAIN = replace(STANDARD, is_reissue=True, took=1000 * HOUR)
TALLIES = [
    STANDARD,
    replace(STANDARD, is_extended=True, count=1, took=100 * HOUR, paused=90 * HOUR),
    replace(STANDARD, ending=PARTLY, count=1, took=20 * HOUR),
    replace(STANDARD, ending=DENIED, count=2, took=40 * HOUR),
    replace(
        STANDARD,
        ending=DENIED,
        is_late=True,
        is_extended=True,
        count=1,
        took=200 * HOUR,
        paused=10 * HOUR,
    ),
    EXPEDITED,
    replace(EXPEDITED, ending=DENIED, is_late=True, took=80 * HOUR),
    replace(AGAIN, before=DENIED, count=1),
    replace(AGAIN, before=PARTLY, ending=PARTLY, count=1),
    replace(AGAIN, before=DENIED, ending=DENIED, count=1),
    # Not an appeal: what was granted is asked again.
    replace(AGAIN, before=APPROVED, count=7),
    replace(AGAIN, before=DENIED, ending=Ending.OVERTAKEN, count=3),
    replace(STANDARD, ending=Ending.CANCELLED, count=3),
    replace(STANDARD, is_drug=True, ending=DENIED, count=10, took=10 * HOUR),
]
MEDIANS = {(False, True): 20 * HOUR, (False, False): 15 * HOUR, (True, True): 41 * HOUR}


def median(population, is_expedited, count, has_pauses):
    """The middle of what a database would have; asked for nothing where there is nothing."""
    assert count > 0
    return MEDIANS.get((is_expedited, has_pauses), 40 * HOUR)


def figures(population):
    found = [metric for metric in metrics(TALLIES, median) if metric.population == population]
    return {
        metric.name: (metric.numerator, metric.denominator, str(metric.percent))
        if metric.seconds is None
        else (metric.denominator, str(metric.seconds))
        for metric in found
    }


def test_the_figures_of_the_page():
    assert figures("prior-authorization") == {
        "standard-approved": (6, 10, "60.0"),
        "standard-partly": (1, 10, "10.0"),
        "standard-denied": (3, 10, "30.0"),
        "standard-approved-after-appeal": (1, 3, "33.3"),
        "standard-late": (1, 10, "10.0"),
        "expedited-approved": (1, 2, "50.0"),
        "expedited-partly": (0, 2, "0.0"),
        "expedited-denied": (1, 2, "50.0"),
        "expedited-approved-after-appeal": (0, 0, "None"),
        "expedited-late": (1, 2, "50.0"),
        "extended-and-approved": (1, 12, "8.3"),
        "cancelled": (3, 15, "20.0"),
        # 50 + 100 + 20 + 40 + 200 = 410 hours over ten; 100 of them were waited.
        "standard-average-time": (10, "147600.000"),
        "standard-median-time": (10, "72000.000"),
        "standard-average-clock-time": (10, "111600.000"),
        "standard-median-clock-time": (10, "54000.000"),
        "expedited-average-time": (2, "147600.000"),
        "expedited-median-time": (2, "147600.000"),
        "expedited-average-clock-time": (2, "147600.000"),
        "expedited-median-clock-time": (2, "144000.000"),
    }


def test_drugs_are_left_out_of_prior_authorization_and_nowhere_else():
    assert figures("preauthorization")["standard-denied"] == (13, 20, "65.0")
    assert figures("preauthorization")["standard-average-time"] == (20, "75600.000")


def test_where_nothing_was_decided_there_is_a_figure_of_nothing():
    assert figures("claim")["standard-approved"] == (0, 0, "None")
    found = [metric for metric in metrics([], median) if metric.name == "standard-median-time"]
    assert found == [
        Metric(population.name, "standard-median-time", 0) for population in POPULATIONS
    ]


@pytest.mark.parametrize(
    ("numerator", "denominator", "told"),
    [(0, 3, "0.0"), (1, 3, "33.3"), (2, 3, "66.7"), (3, 3, "100.0"), (1, 2000, "0.1")],
)
def test_a_share_is_rounded_half_up_to_a_tenth(numerator, denominator, told):
    assert str(percent(numerator, denominator)) == told
    assert percent(0, 0) is None


@pytest.mark.parametrize(
    ("microseconds", "count", "told"),
    [(1_000_000, 3, "0.333"), (2_000_000, 3, "0.667"), (1, 2, "0.000"), (1_000, 2, "0.001")],
)
def test_a_time_is_rounded_half_up_to_a_millisecond(microseconds, count, told):
    assert seconds(timedelta(microseconds=microseconds), count) == Decimal(told)
    assert seconds(timedelta(0), 0) is None

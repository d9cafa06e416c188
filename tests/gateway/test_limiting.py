"""Who is counted as one, and what is counted of them."""

from datetime import timedelta

import pytest

from app.domain.rates import Limits, Rate, TooOften
from app.gateway.limiting import Limiting, forget_counted, network_of

# So slow that nothing comes back while a test runs.
TWO, THREE = Rate.per(timedelta(hours=1), 2), Rate.per(timedelta(hours=1), 3)
LIMITS = Limits(requests=THREE, empty_polls=TWO, failures=TWO)


@pytest.fixture
def limiting(installation):
    return Limiting(installation, LIMITS)


def is_refused(ask, *arguments):
    try:
        ask(*arguments)
    except TooOften as refusal:
        return 0 < refusal.after_seconds <= 3600
    return False


def test_a_client_is_refused_beyond_its_rate_and_others_are_not(limiting, registry):
    busy, quiet = registry.submitter("Busy").client, registry.submitter("Quiet").client

    assert [is_refused(limiting.request, busy) for _ in range(4)] == [False] * 3 + [True]
    assert not is_refused(limiting.request, quiet)


def test_polls_in_vain_are_counted_apart_from_requests(limiting, submitter):
    for _ in range(2):
        assert limiting.request(submitter) == 0
        limiting.poll(submitter, None)
        limiting.polled_in_vain(submitter)

    wait = limiting.request(submitter)
    assert wait > 0
    assert is_refused(limiting.poll, submitter, wait)
    assert is_refused(limiting.poll, submitter, None)
    assert not is_refused(limiting.poll, submitter, 0)


def test_an_address_is_refused_after_failures_and_not_after_attempts(limiting):
    here, there = "192.0.2.7", "192.0.2.8"
    assert [is_refused(limiting.attempt, here) for _ in range(5)] == [False] * 5
    limiting.failed(here)
    assert not is_refused(limiting.attempt, here)
    limiting.failed(here)

    assert is_refused(limiting.attempt, here)
    assert not is_refused(limiting.attempt, there)


def test_without_limits_nothing_is_counted(installation, submitter):
    limiting = Limiting(installation, None)

    for _ in range(5):
        assert limiting.request(submitter) == 0
        limiting.polled_in_vain(submitter)
        limiting.poll(submitter, None)
        limiting.failed("192.0.2.7")
        limiting.attempt("192.0.2.7")
    assert not limiting.is_on


def test_what_is_counted_holds_after_the_night_that_forgets_what_is_full(
    installation, limiting, submitter
):
    for _ in range(3):
        limiting.request(submitter)

    forget_counted(installation)

    assert is_refused(limiting.request, submitter)


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("192.0.2.7", "192.0.2.8", False),
        ("::ffff:192.0.2.7", "192.0.2.7", True),
        ("2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("unix", "unix", True),
        ("", "192.0.2.7", False),
    ],
)
def test_a_customer_s_network_is_one(one, other, is_same):
    assert (network_of(one) == network_of(other)) is is_same

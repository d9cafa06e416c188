"""An address that fails to say who it is, again and again, is told to wait."""

from datetime import timedelta

import pytest

from app import create_app
from app.domain.rates import Limits, Rate
from tests.security.keyed import Keyed

MANY = Rate.per(timedelta(hours=1), 1000)
TWO = Rate.per(timedelta(hours=1), 2)


@pytest.fixture
def keyed(installation, payer):
    limits = Limits(requests=MANY, empty_polls=MANY, failures=TWO)
    http = create_app(installation, limits=limits).test_client()
    return Keyed.register(http, installation, payer)


def asked_from(keyed, address, **changes):
    form = keyed.form(**changes)
    sent = keyed.http.post("/auth/token", data=form, environ_base={"REMOTE_ADDR": address})
    return sent.status_code


def test_after_two_failures_an_address_waits_and_no_other_does(keyed):
    failures = [asked_from(keyed, "192.0.2.1", client_assertion="no") for _ in range(2)]
    assert failures == [401, 401]

    # Also with what is right: whether it is, is not looked at any more.
    form = keyed.form()
    told = keyed.http.post("/auth/token", data=form, environ_base={"REMOTE_ADDR": "192.0.2.1"})

    assert told.status_code == 429
    assert 0 < int(told.headers["Retry-After"]) <= 3600
    assert asked_from(keyed, "192.0.2.2") == 200


def test_who_says_who_it_is_is_not_counted(keyed):
    assert [asked_from(keyed, "192.0.2.1") for _ in range(4)] == [200] * 4


def test_a_token_is_a_request_of_its_client_and_refused_it_leaves_nothing(
    installation, payer, rows
):
    limits = Limits(requests=TWO, empty_polls=MANY, failures=MANY)
    http = create_app(installation, limits=limits).test_client()
    keyed, other = (Keyed.register(http, installation, payer, name) for name in ("One", "Other"))
    assert [asked_from(keyed, "192.0.2.1") for _ in range(2)] == [200, 200]
    before = rows.counts()

    assert asked_from(keyed, "192.0.2.1") == 429

    assert rows.counts() == before
    assert asked_from(other, "192.0.2.1") == 200


def test_a_forwarded_address_is_nobodys_word(keyed):
    """Without a proxy that is known, whoever writes the header would choose whom it counts for."""
    sent = [
        keyed.http.post(
            "/auth/token",
            data=keyed.form(client_assertion="no"),
            environ_base={"REMOTE_ADDR": "192.0.2.1"},
            headers={"X-Forwarded-For": f"198.51.100.{number}"},
        ).status_code
        for number in range(3)
    ]

    assert sent == [401, 401, 429]

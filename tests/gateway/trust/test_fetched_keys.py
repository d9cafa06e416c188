"""Keys at an address: asked for as seldom as may be, and never lost by a failure."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest

from app import create_app
from app.gateway.trust.client_keys import KeysOf
from app.gateway.trust.terms import Terms
from tests.gateway.trust.sites import FIRST, Site
from tests.security.keyed import Keyed, a_set, ec, public

URL = "https://clinic.test/jwks.json"
SECOND = a_set(public(ec(nth=1), "key-2"))


@pytest.fixture
def site():
    return Site()


@pytest.fixture
def keyed(installation, registry, site):
    """A client that is registered by an address."""
    reaching = replace(installation, terms=Terms(fetch=site))
    http = create_app(reaching).test_client()
    return Keyed.register(http, reaching, registry.payer, jwks_url=URL)


def status(keyed, kid="key-1", nth=0):
    return keyed.ask(keyed.assertion({"kid": kid}, ec(nth=nth))).status_code


# --- what is not believed


@pytest.mark.parametrize(
    "text",
    [None, b"", b"\xff", "{}", "x" * 70000, a_set({"kty": "oct", "kid": "key-1", "k": "AA"})],
    ids=["unreachable", "empty", "no-utf-8", "no-keys", "too-large", "symmetric"],
)
def test_without_usable_keys_nobody_gets_a_token(keyed, site, clock, text):
    site.text = text
    assert status(keyed) == 401

    site.text = FIRST
    # Nobody asks twice within a minute, whatever came of it.
    assert status(keyed) == 401
    clock.forward(seconds=60)
    assert status(keyed) == 200
    assert site.asked == [URL, URL]


def test_a_jku_is_the_registered_address_or_refused(keyed):
    elsewhere = {"jku": "https://elsewhere.test/jwks.json"}

    assert keyed.ask(keyed.assertion(elsewhere)).status_code == 401
    assert keyed.ask(keyed.assertion({"jku": f"{URL}/"})).status_code == 401
    assert keyed.ask(keyed.assertion({"jku": URL})).status_code == 200


# --- how long it counts


@pytest.mark.parametrize(
    ("max_age", "counts"), [(None, 3600), (600, 600), (86400, 3600)], ids=["none", "ten", "day"]
)
def test_what_was_found_counts_as_long_as_was_said_and_an_hour_at_most(
    keyed, site, clock, max_age, counts
):
    site.max_age = max_age
    for seconds, asked in ((0, 1), (counts - 1, 1), (1, 2)):
        clock.forward(seconds=seconds)
        assert status(keyed) == 200
        assert len(site.asked) == asked


def test_a_new_kid_is_looked_for_at_once_and_then_once_a_minute(keyed, site, clock):
    assert status(keyed) == 200
    clock.forward(seconds=60)
    site.text = SECOND

    assert status(keyed, "key-2", 1) == 200
    assert len(site.asked) == 2
    # The old one is gone, and so often one need not ask.
    assert [status(keyed), status(keyed, "key-3")] == [401, 401]
    assert len(site.asked) == 2
    clock.forward(seconds=60)
    assert status(keyed, "key-3") == 401
    assert len(site.asked) == 3
    assert status(keyed, "key-2", 1) == 200


def test_a_failure_takes_nothing_away_for_a_day(keyed, site, clock):
    assert status(keyed) == 200

    for text in (None, "{}"):
        site.text = text
        clock.forward(hours=11)
        assert status(keyed) == 200
    clock.forward(hours=2)

    assert status(keyed) == 401
    assert len(site.asked) == 4


def test_another_address_forgets_what_was_found_at_the_first(keyed, site, administration):
    assert status(keyed) == 200
    site.text = SECOND
    administration.set_keys(keyed.client, KeysOf(jwks_url="https://clinic.test/new.json"))

    assert status(keyed) == 401
    assert status(keyed, "key-2", 1) == 200
    assert site.asked == [URL, "https://clinic.test/new.json"]


# --- together


def test_many_at_once_ask_once_and_all_get_their_tokens(keyed, site):
    together = Barrier(8)

    def ask(_):
        together.wait()
        return status(keyed)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))

    assert answers == [200] * 8
    assert site.asked == [URL]

"""Page links: opened by whom they were given to, readable by nobody."""

import pytest

from app.domain.issues import Unacceptable
from app.gateway.reading.page_links import PageLinks
from app.store.hashing import Hasher

PLACE = {"type": "Claim", "used": [["identifier", "http://happyvalley.test/claim|12345"]]}


@pytest.fixture
def links(installation):
    return PageLinks(installation.hasher, "search")


@pytest.fixture
def clients(registry):
    return registry.submitter("Happy Valley").client, registry.submitter("Other Clinic").client


def refused(links, client, token) -> bool:
    try:
        links.opened(client, token)
    except Unacceptable:
        return True
    return False


def test_a_link_is_opened_by_the_client_it_was_given_to_and_by_no_other(links, clients):
    own, other = clients
    token = links.sealed(own, PLACE)

    assert links.opened(own, token) == PLACE
    assert refused(links, other, token)


def test_a_link_that_was_changed_in_any_place_is_refused(links, clients):
    own, _ = clients
    token = links.sealed(own, PLACE)
    changed = [
        token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
        for at in range(len(token) - 1)
    ]

    assert all(refused(links, own, each) for each in [*changed, "", "x", "ä", token[:20], "!" * 40])
    assert not refused(links, own, token)


def test_a_link_of_another_installation_is_refused(links, clients):
    own, _ = clients
    other = PageLinks(Hasher(b"another installation's key"), "search")

    assert refused(links, own, other.sealed(own, PLACE))


def test_a_link_shows_nothing_of_the_query_and_is_never_the_same_twice(links, clients):
    own, _ = clients
    first, second = links.sealed(own, PLACE), links.sealed(own, PLACE)

    assert first != second
    assert "12345" not in first
    assert first.isascii()
    assert set("+/=&?# ").isdisjoint(first)

"""What the entries of a Bundle ask for."""

import pytest

from app.gateway.batch.reading import steps_of
from tests.builders import a_claim
from tests.bundles import asked, bundle

BASE = "http://gateway.test/fhir/r4"


@pytest.mark.parametrize(
    ("url", "path", "type", "id", "query"),
    [
        ("Claim", "Claim", "Claim", None, None),
        ("Claim/1", "Claim/1", "Claim", "1", None),
        ("/Claim/1", "Claim/1", "Claim", "1", None),
        (f"{BASE}/Claim/1", "Claim/1", "Claim", "1", None),
        ("Claim?identifier=a|b", "Claim", "Claim", None, "identifier=a|b"),
        ("Claim?", "Claim", "Claim", None, ""),
        ("/", "", "", None, None),
        (BASE, "", "", None, None),
        ("?_type=Claim", "", "", None, "_type=Claim"),
        ("Claim%2F%31?a=%2F", "Claim/1", "Claim", "1", "a=%2F"),
        ("Claim%3Fa", "Claim?a", "Claim?a", None, None),
        (f"{BASE}?_type=Claim", "", "", None, "_type=Claim"),
        (f"{BASE}Claim/1", f"{BASE}Claim/1", "http:", "/gateway.test/fhir/r4Claim/1", None),
        ("http://x.test/Claim/1", "http://x.test/Claim/1", "http:", "/x.test/Claim/1", None),
    ],
)
def test_an_address_is_read(url, path, type, id, query):
    [step] = steps_of(bundle("batch", asked("GET", url)), BASE, None)

    assert (step.path, step.type, step.target_id, step.query) == (path, type, id, query)


@pytest.mark.parametrize(
    ("method", "url", "is_possible"),
    [
        ("POST", "Claim", True),
        ("POST", "Claim/", False),
        ("POST", "Claim/1", False),
        ("POST", "claim", False),
        ("POST", "", False),
        ("POST", "Claim%2F%24submit", False),
        ("PUT", "Claim?identifier=a%2Fb", True),
        ("PUT", "Claim/1", True),
        ("PUT", "Claim%2F1", True),
        ("PUT", "Claim/1/", False),
        ("PUT", "Claim/1;a=b", False),
        ("PUT", "Claim/1%0A", False),
        ("PATCH", "Claim/1//", False),
        ("DELETE", "//Claim/1", False),
        ("DELETE", f"Claim/{'1' * 64}", True),
        ("DELETE", f"Claim/{'1' * 65}", False),
        ("GET", "Claim/1/_history/1", True),
        ("GET", "Claim/1/$validate", False),
        ("GET", "Claim/1/%24validate", False),
    ],
)
def test_an_address_is_one_that_a_transaction_can_hold(method, url, is_possible):
    [step] = steps_of(bundle("transaction", asked(method, url)), BASE, None)

    assert step.is_possible is is_possible


def test_conditions_are_headers():
    entry = asked("GET", "Claim", ifMatch="A", ifNoneMatch="B", ifNoneExist="C",
                  ifModifiedSince="2026-03-02T10:30:00.5+01:00")  # fmt: skip

    [step] = steps_of(bundle("batch", entry), BASE, None)

    assert dict(step.headers) == {
        "If-Match": "A",
        "If-None-Match": "B",
        "If-None-Exist": "C",
        "If-Modified-Since": "Mon, 02 Mar 2026 09:30:00 GMT",
    }


def test_a_key_of_the_whole_gives_each_place_one_of_its_own():
    document = bundle("batch", *[asked("GET", "Claim")] * 3)

    keys = [step.headers["Idempotency-Key"] for step in steps_of(document, BASE, "K")]

    assert len(set(keys)) == 3
    assert keys == [step.headers["Idempotency-Key"] for step in steps_of(document, BASE, "K")]
    assert all(not step.headers for step in steps_of(document, BASE, None))


def test_what_is_in_a_bag_is_posted():
    claim = a_claim()

    [step] = steps_of(bundle("collection", {"resource": claim}), BASE, None)

    assert (step.method, step.path, step.document) == ("POST", "Claim", claim)

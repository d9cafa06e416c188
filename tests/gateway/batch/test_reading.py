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
        (f"{BASE}?_type=Claim", "", "", None, "_type=Claim"),
        (f"{BASE}Claim/1", f"{BASE}Claim/1", "http:", "/gateway.test/fhir/r4Claim/1", None),
        ("http://x.test/Claim/1", "http://x.test/Claim/1", "http:", "/x.test/Claim/1", None),
    ],
)
def test_an_address_is_read(url, path, type, id, query):
    [step] = steps_of(bundle("batch", asked("GET", url)), BASE, None)

    assert (step.path, step.type, step.target_id, step.query) == (path, type, id, query)


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

    assert (step.method, step.url, step.document) == ("POST", "Claim", claim)

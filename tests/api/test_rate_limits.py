"""Who asks too often is told 429 with Retry-After, and nothing was done."""

from datetime import timedelta

import pytest

from app import create_app
from app.domain.rates import Limits, Rate
from app.fhir.validation import check
from tests.builders import a_claim, a_coverage, a_task
from tests.gateway.test_statement_budgets import statements
from tests.wire import Wire

MANY = Rate.per(timedelta(hours=1), 1000)
TWO = Rate.per(timedelta(hours=1), 2)
# A look for the client, and what is counted.
STATEMENTS = {"sqlite": 0, "postgresql": 1}


@pytest.fixture
def limited(installation, registry):
    """A submitter of a gateway with these limits; the others are so high that nobody meets them."""

    def wire(name="Happy Valley", **limits):
        given = {"requests": MANY, "empty_polls": MANY, "failures": MANY} | limits
        http = create_app(installation, limits=Limits(**given)).test_client()
        issued = registry.issued.get(name) or registry.submitter(name)
        return Wire(http, issued.token)

    return wire


def is_told(reply):
    assert (reply.status, reply.errors) == (429, ["ECG-RATE"]), reply.text
    assert 0 < int(reply.headers["Retry-After"]) <= 3600
    assert reply.headers["Cache-Control"] == "no-store"
    assert list(check(reply.document)) == []
    return True


def test_a_claim_too_many_is_refused_and_has_no_effect(limited, core, http, rows):
    assert core.post("Coverage", a_coverage()).status == 201
    wire = limited(requests=TWO)
    assert [wire.post("Claim", a_claim()).status for _ in range(2)] == [201, 201]
    before = rows.counts()

    claim = a_claim()
    assert is_told(wire.post("Claim", claim))

    assert rows.counts() == before
    # The same again, once it may: it is new.
    assert Wire(http, wire.token).post("Claim", claim).status == 201


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "Claim/1"),
        ("GET", "Claim"),
        ("GET", "_history"),
        ("POST", "Task"),
        ("POST", ""),
        ("POST", "Claim/$submit"),
        ("POST", "Claim/_search"),
        ("PUT", "Coverage/1"),
        ("DELETE", "Coverage/1"),
        ("PATCH", "Coverage/1"),
    ],
)
def test_every_kind_of_request_is_counted(limited, method, path):
    wire = limited(requests=TWO)
    # Counted, whatever comes of them.
    assert {wire.ask(method, path).status for _ in range(2)} & {429} == set()

    assert is_told(wire.ask(method, path))


def test_what_is_validated_is_one_request(limited):
    wire, asked = limited(requests=TWO), "Claim/$validate?mode=create"
    assert [wire.post(asked, a_claim()).status for _ in range(2)] == [200, 200]

    assert is_told(wire.post(asked, a_claim()))


def test_another_client_and_who_needs_no_credential_are_not_refused(limited):
    wire = limited(requests=TWO)
    for _ in range(2):
        wire.get("Claim/1")
    assert is_told(wire.get("Claim/1"))

    stranger = Wire(wire.http, None)
    for _ in range(5):
        assert stranger.get("metadata").status == 200
        assert wire.http.get("/health/live").status_code == 200
        assert wire.http.get("/health/ready").status_code == 200
    assert wire.get("openapi.json").status == 200
    assert limited("Other Clinic", requests=TWO).get("Claim/1").status == 404


def test_polls_that_find_nothing_are_refused_after_so_many(limited, rows):
    wire = limited(empty_polls=TWO)
    assert [wire.task(a_task("poll")).status for _ in range(2)] == [201, 201]
    before = rows.counts()

    assert is_told(wire.task(a_task("poll")))

    assert rows.counts() == before
    # Only polls are.
    assert wire.task(a_task("status", focus="Claim/1")).status == 201


def test_polls_that_find_something_are_not_counted(limited, core, worker):
    assert core.post("Coverage", a_coverage()).status == 201
    wire = limited(empty_polls=TWO)
    for _ in range(3):
        assert wire.post("Claim", a_claim()).status == 201
    worker.drain()

    found = [wire.task(a_task("poll")).output("response") for _ in range(3)]

    assert None not in found
    assert wire.task(a_task("poll")).status == 201


def statuses_of_polls(wire, type, count):
    """What polls in a Bundle are answered."""
    request = {"method": "POST", "url": "Task"}
    entries = [{"resource": a_task("poll"), "request": request} for _ in range(count)]
    answered = wire.post("", {"resourceType": "Bundle", "type": type, "entry": entries})
    return [one["response"]["status"].split()[0] for one in answered.document["entry"]]


def test_polls_in_a_batch_are_counted_one_by_one(limited):
    assert statuses_of_polls(limited(empty_polls=TWO), "batch", 3) == ["201", "201", "429"]


def test_a_bundle_is_one_request_and_polls_in_a_transaction_are_not_counted(limited):
    wire = limited(empty_polls=TWO, requests=TWO)

    assert statuses_of_polls(wire, "transaction", 3) == ["201"] * 3
    assert wire.task(a_task("poll")).status == 201
    assert is_told(wire.task(a_task("poll")))


def test_limits_cost_one_statement_and_none_where_they_are_off(limited, wire, backend):
    def sent(by):
        reply = by.task(a_task("status", focus="Claim/1"))
        assert reply.status == 201
        with statements() as found:
            by.task(a_task("status", focus="Claim/1"))
        return len(found)

    assert sent(limited()) == sent(wire) + STATEMENTS[backend]


def test_without_limits_nobody_is_refused(wire):
    assert {wire.get("Claim/1").status for _ in range(100)} == {404}

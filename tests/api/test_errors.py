"""Every way to fail ends in one shape, and every answer carries the same headers.

http://hl7.org/fhir/R4/operationoutcome.html
"""

import pytest

from app.domain.issues import ErrorCode
from app.fhir.validation import check
from app.gateway.administering.administration import Administration
from tests.builders import a_claim, a_task
from tests.wire import Wire

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}
ERRORS = "https://eclaims-gateway.org/fhir/CodeSystem/error"
CATALOGUE = {error.entry.id: error.entry for error in ErrorCode}

PATHS = [
    ("GET", "Claim/1"),
    ("GET", "Claim/1/_history/1"),
    ("GET", "Bundle/1"),
    ("GET", "CodeSystem/error"),
    ("POST", "Claim"),
    ("POST", "Task"),
    ("POST", "Patient"),
    ("POST", "Claim/$submit"),
    ("POST", "Task/1/$acknowledge"),
    ("POST", "Account/1/$invoice"),
]
UNKNOWN = [
    None,
    "Bearer wrong",
    "Bearer ",
    "Bearer",
    "Basic dXNlcjpwYXNz",
    "Bearer a b",
    "Bearer \u00e9",
]
FAILURES = {
    "unknown-type-read": ("GET", "Invoices/1", b"", 404),
    "unknown-type-create": ("POST", "Invoices", b"{}", 404),
    "type-of-another-case": ("GET", "claim/1", b"", 404),
    "unknown-type-version": ("GET", "Invoices/1/_history/1", b"", 404),
    "unknown-id": ("GET", "Claim/none", b"", 404),
    "unknown-version": ("GET", "Claim/none/_history/1", b"", 404),
    "version-that-is-no-number": ("GET", "Claim/none/_history/one", b"", 404),
    "version-that-is-too-long": ("GET", f"Claim/none/_history/{'9' * 30}", b"", 404),
    "no-such-place": ("GET", "Claim/1/2/3", b"", 404),
    "no-such-operation": ("POST", "Claim/$nonsense", b"{}", 405),
    "base": ("GET", "", b"", 405),
    "base-by-put": ("PUT", "", b"", 405),
    "bundle-of-another-type": ("POST", "", b'{"resourceType": "Bundle", "type": "searchset"}', 400),
    "search": ("GET", "Bundle", b"", 405),
    "update": ("PUT", "Claim/1", b"{}", 400),
    "patch": ("PATCH", "Claim/1", b"[]", 415),
    "delete": ("DELETE", "Claim/1", b"", 405),
    "delete-of-a-type": ("DELETE", "Claim", b"", 405),
    "delete-of-a-version": ("DELETE", "Claim/1/_history/1", b"", 405),
    "submit-by-put": ("PUT", "Claim/$submit", b"", 405),
    "submit-by-get": ("GET", "Claim/$submit", b"", 405),
    "cancel-by-get": ("GET", "Claim/1/$cancel", b"", 405),
    "acknowledge-what-is-not-there": ("POST", "Task/none/$acknowledge", b"", 404),
    "acknowledge-another-type": ("POST", "Claim/none/$acknowledge", b"", 404),
    "acknowledge-by-get": ("GET", "Task/none/$acknowledge", b"", 405),
    "invoice-what-is-not-there": ("POST", "Account/none/$invoice", b"", 404),
    "invoice-another-type": ("POST", "Claim/none/$invoice", b"", 404),
    "invoice-by-get": ("GET", "Account/none/$invoice", b"", 405),
    "not-json": ("POST", "Claim", b"<Claim/>", 400),
    "empty-body": ("POST", "Claim", b"", 400),
    "another-type": ("POST", "Claim", b'{"resourceType": "Patient"}', 400),
    "not-taken": ("POST", "Basic", b'{"resourceType": "Basic", "code": {"text": "x"}}', 405),
    "id-of-a-strange-form": ("GET", "Claim/%00%ff%22", b"", 404),
    "id-that-is-too-long": ("GET", f"Claim/{'a' * 5000}", b"", 404),
}


def assert_is_outcome(reply):
    """One shape: a valid OperationOutcome whose every issue is of the catalogue."""
    assert reply.document["resourceType"] == "OperationOutcome"
    assert check(reply.document) == []
    for issue in reply.document["issue"]:
        [coding] = issue["details"]["coding"]
        entry = CATALOGUE[coding["code"]]
        assert (coding["system"], coding["display"]) == (ERRORS, entry.meaning)
        assert (issue["code"], issue["severity"]) == (entry.type, "error")
        assert issue["details"]["text"]
    assert reply.headers["Content-Type"].partition(";")[0] == "application/fhir+json"
    assert_has_headers(reply)


def assert_has_headers(reply):
    assert {name: reply.headers.get(name) for name in HEADERS} == HEADERS
    assert len(reply.headers["X-Request-Id"]) == 16


@pytest.mark.parametrize(("method", "path", "body", "status"), FAILURES.values(), ids=FAILURES)
def test_a_failure_is_told_in_one_shape(wire, method, path, body, status):
    failed = wire.ask(method, path, body)

    assert failed.status == status
    assert_is_outcome(failed)
    assert ("Allow" in failed.headers) == (status == 405)


@pytest.mark.parametrize("authorization", UNKNOWN, ids=lambda one: one or "none")
def test_who_is_not_known_is_told_nothing(http, wire, authorization):
    nobody = Wire(http, None, {"Authorization": authorization} if authorization else {})

    for method, path in PATHS:
        refused = nobody.ask(method, path, b"<not even JSON")
        assert (refused.status, refused.errors) == (401, ["ECG-LOGIN"]), path
        assert refused.headers["WWW-Authenticate"] == "Bearer"
        assert_is_outcome(refused)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_known_token_is_taken_under_any_spelling_of_its_scheme(http, registry, scheme):
    issued = registry.submitter()
    wire = Wire(http, None, {"Authorization": f"{scheme} {issued.token}"})

    assert wire.task(a_task("poll")).status == 201


def test_a_disabled_client_is_not_known_any_more(http, registry, installation):
    issued, twin = registry.submitter(), registry.submitter("Twin")
    Administration(installation).disable(issued.client)

    assert Wire(http, issued.token).task(a_task("poll")).status == 401
    assert Wire(http, twin.token).task(a_task("poll")).status == 201


def test_a_new_token_ends_the_old_one(http, registry, installation):
    issued = registry.submitter()
    renewed = Administration(installation).rotate(issued.client)

    assert Wire(http, issued.token).task(a_task("poll")).status == 401
    assert Wire(http, renewed.token).task(a_task("poll")).status == 201


def test_every_answer_carries_the_same_headers(wire, http):
    taken = wire.post("Claim", a_claim())
    answers = [
        taken,
        wire.get(taken.reference),
        wire.get(taken.reference, If_None_Match='W/"1"'),
        wire.ask("HEAD", taken.reference),
        wire.task(a_task("poll")),
        wire.post("Claim/$submit", a_claim()),
        Wire(http, None).get("metadata"),
    ]

    for answer in answers:
        assert_has_headers(answer)
    assert len({answer.headers["X-Request-Id"] for answer in answers}) == len(answers)
    assert http.get("/health/live").headers["X-Content-Type-Options"] == "nosniff"


def test_a_request_that_is_larger_than_any_limit_is_refused(wire, rows):
    before = rows.counts()
    padding = " " * (10 * 1024 * 1024)

    refused = wire.post("Claim", '{"resourceType": "Claim"' + padding + "}")

    assert (refused.status, refused.errors) == (413, ["ECG-BODY-TOO-LARGE"])
    assert_is_outcome(refused)
    assert rows.counts() == before


def test_every_problem_of_a_body_is_told(wire):
    wrong = a_claim(use="order", status="done", created="soon", color="red", patient=None)

    refused = wire.post("Claim", wrong)

    assert_is_outcome(refused)
    assert sorted(zip(refused.errors, refused.expressions, strict=True)) == [
        ("ECG-CODE", "Claim.status"),
        ("ECG-CODE", "Claim.use"),
        ("ECG-REQUIRED", "Claim.patient"),
        ("ECG-UNKNOWN-ELEMENT", "Claim.color"),
        ("ECG-VALUE", "Claim.created"),
    ]

"""What a client may ask to be answered in, and what it may send.

http://hl7.org/fhir/R4/http.html#mime-type
"""

import pytest

from tests.builders import a_claim

FHIR_JSON = "application/fhir+json"


@pytest.fixture
def claim(wire):
    """The reference of a Claim."""
    return wire.post("Claim", a_claim()).reference


@pytest.mark.parametrize("accept", ["application/fhir+xml", "text/html", "image/png, text/plain"])
def test_what_cannot_be_made_is_not_acceptable(wire, claim, accept):
    refused = wire.get(claim, Accept=accept)

    assert (refused.status, refused.errors) == (406, ["ECG-NOT-ACCEPTABLE"])
    assert refused.headers["Content-Type"].startswith(FHIR_JSON)


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        (FHIR_JSON, FHIR_JSON),
        (f"{FHIR_JSON}; fhirVersion=4.0", FHIR_JSON),
        ("application/json", "application/json"),
        ("text/json", "text/json"),
        ("*/*", FHIR_JSON),
        ("application/*", FHIR_JSON),
        ("text/html, application/fhir+json;q=0.9", FHIR_JSON),
        ("APPLICATION/FHIR+JSON", FHIR_JSON),
    ],
)
def test_json_is_labelled_as_it_was_asked_for(wire, claim, accept, answered):
    found = wire.get(claim, Accept=accept)

    assert found.status == 200
    assert found.headers["Content-Type"].partition(";")[0] == answered
    assert found.document["resourceType"] == "Claim"


def test_nothing_asked_is_fhir_json(wire, claim):
    assert wire.get(claim).headers["Content-Type"].partition(";")[0] == FHIR_JSON


@pytest.mark.parametrize(
    "asked", ["json", "application/json", FHIR_JSON, "application%2Ffhir%2Bjson"]
)
def test_format_wins_over_accept(wire, claim, asked):
    assert wire.get(f"{claim}?_format={asked}", Accept="application/fhir+xml").status == 200


@pytest.mark.parametrize("asked", ["xml", "application/fhir+xml", "ttl"])
def test_a_format_that_cannot_be_made_is_not_acceptable(wire, claim, asked):
    assert wire.get(f"{claim}?_format={asked}", Accept=FHIR_JSON).status == 406


def test_pretty_breaks_nothing(wire, claim):
    assert wire.get(f"{claim}?_pretty=true").document == wire.get(claim).document


def test_what_is_not_acceptable_is_not_done_either(wire, rows):
    before = rows.counts()

    assert wire.post("Claim", a_claim(), Accept="application/fhir+xml").status == 406

    assert rows.counts() == before
    assert wire.post("Claim", a_claim(), Accept="application/json").status == 201


def test_the_format_of_an_answer_says_nothing_of_the_body(wire):
    sent = wire.post("Claim?_format=json", a_claim(), Content_Type="application/fhir+xml")

    assert (sent.status, sent.errors) == (415, ["ECG-MEDIA-TYPE"])


@pytest.mark.parametrize("type", ["application/fhir+xml", "text/plain", "multipart/form-data", ""])
def test_a_body_of_another_type_is_refused(wire, rows, type):
    before = rows.counts()

    for path in ("Claim", "Task", "Claim/$submit", "Patient"):
        refused = wire.post(path, a_claim(), Content_Type=type)
        assert (refused.status, refused.errors) == (415, ["ECG-MEDIA-TYPE"]), path

    assert rows.counts() == before


@pytest.mark.parametrize(
    "type", [FHIR_JSON, "application/json", "text/json", f"{FHIR_JSON}; charset=utf-8"]
)
def test_a_body_of_any_json_type_is_taken(wire, type):
    assert wire.post("Claim", a_claim(), Content_Type=type).status == 201


@pytest.mark.parametrize(("version", "status"), [("4.0", 201), ("4.0.1", 201), ("5.0", 415)])
def test_a_body_of_another_fhir_version_is_refused(wire, version, status):
    type = f"{FHIR_JSON}; fhirVersion={version}"

    assert wire.post("Claim", a_claim(), Content_Type=type).status == status


@pytest.mark.parametrize(
    ("preference", "is_empty"),
    [("return=minimal", True), ("return=representation", False), ("handling=strict", False)],
)
def test_a_client_may_prefer_no_body(wire, preference, is_empty):
    taken = wire.post("Claim", a_claim(), Prefer=preference)

    assert (taken.status, taken.text == "") == (201, is_empty)
    assert "Location" in taken.headers


def test_the_preference_for_no_body_does_not_hide_a_failure(wire):
    refused = wire.post("Claim", a_claim(use="order"), Prefer="return=minimal")

    assert (refused.status, refused.errors) == (400, ["ECG-CODE"])


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        (f"{FHIR_JSON}; fhirVersion=4.0", 200),
        (f"{FHIR_JSON}; fhirVersion=4.0.1", 200),
        (f"{FHIR_JSON}; fhirVersion=3.0", 406),
        (f"{FHIR_JSON}; fhirVersion=5.0, */*", 200),
        (f"{FHIR_JSON};q=0", 406),
    ],
)
def test_an_answer_in_another_fhir_version_is_not_acceptable(wire, claim, accept, status):
    assert wire.get(claim, Accept=accept).status == status


def test_a_format_may_name_its_fhir_version(wire, claim):
    asked = "application/fhir%2Bjson;%20fhirVersion="

    assert wire.get(f"{claim}?_format={asked}4.0").status == 200
    assert wire.get(f"{claim}?_format={asked}5.0").status == 406


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_an_unknown_type_is_404_and_a_known_one_tells_what_it_allows(wire, method):
    path = {"GET": "/1", "POST": "", "PUT": "/1", "PATCH": "/1", "DELETE": "/1"}[method]

    unknown = wire.ask(method, f"Nonsense{path}")
    lower = wire.ask(method, f"patient{path}")
    known = wire.ask(method, f"Basic{path}", '{"resourceType": "Basic", "code": {"text": "x"}}')

    assert (unknown.status, unknown.errors) == (lower.status, lower.errors)
    assert (unknown.status, unknown.errors) == (404, ["ECG-NOT-FOUND"])
    if method != "GET":
        assert (known.status, known.errors) == (405, ["ECG-METHOD"])
        assert known.headers["Allow"] == ""

"""Lines 1 to 13: content, headers and errors.

http://hl7.org/fhir/R4/http.html
"""

import json

import pytest

from app.domain.issues import IssueType, Severity
from app.fhir import json_text
from tests.builders import a_claim, a_communication
from tests.conformance.r4.asking import a_patient, created, put
from tests.wire import Wire

FHIR_JSON = "application/fhir+json"
XML = "application/fhir+xml"


def test_001_an_answer_is_fhir_json_in_utf_8(wire):
    patient = created(wire, a_patient("Müller-市"))

    read = wire.http.get(
        f"/fhir/r4/{patient.reference}", headers={"Authorization": f"Bearer {wire.token}"}
    )

    assert read.mimetype == FHIR_JSON
    assert read.mimetype_params.get("charset", "utf-8").lower() == "utf-8"
    assert json.loads(read.data.decode("utf-8"))["name"] == [{"family": "Müller-市"}]


@pytest.mark.parametrize("asked", [FHIR_JSON, "application/json", "text/json"])
def test_002_json_is_labelled_as_it_was_asked_for(wire, patient, asked):
    for path in (patient.reference, "Patient", f"{patient.reference}/_history", "metadata"):
        read = wire.get(path, Accept=asked)
        assert (read.status, read.headers["Content-Type"].partition(";")[0]) == (200, asked), path


def test_003_a_format_that_cannot_be_made_is_not_acceptable(wire, patient):
    assert wire.get(patient.reference, Accept=XML).status == 406
    assert wire.get("Patient", Accept=XML).status == 406
    assert wire.get(patient.reference, Accept=f"{XML}, {FHIR_JSON};q=0.5").status == 200


@pytest.mark.parametrize("sent", ["text/plain", XML, "application/x-www-form-urlencoded"])
def test_004_an_unsupported_content_type_is_415(wire, patient, rows, sent):
    before = rows.counts()

    assert wire.post("Patient", a_patient(), Content_Type=sent).status == 415
    assert put(wire, patient.reference, patient.document, Content_Type=sent).status == 415

    assert rows.counts() == before
    assert wire.post("Patient", a_patient(), Content_Type="application/json").status == 201


@pytest.mark.parametrize("asked", ["json", "application/json", FHIR_JSON])
def test_005_format_overrides_accept_but_not_how_the_body_is_read(wire, patient, asked):
    assert wire.get(f"{patient.reference}?_format={asked}", Accept=XML).status == 200
    assert wire.get(f"Patient?_format={asked}", Accept=XML).status == 200
    assert wire.post(f"Patient?_format={asked}", a_patient(), Accept=XML).status == 201
    assert wire.post(f"Patient?_format={asked}", a_patient(), Content_Type=XML).status == 415


def test_005_pretty_and_the_fhir_version_break_nothing(wire, patient):
    plain = wire.get(patient.reference)

    for path in (f"{patient.reference}?_pretty=true", f"{patient.reference}?_pretty=false"):
        assert wire.get(path).document == plain.document
    versioned = f"{FHIR_JSON}; fhirVersion=4.0"
    assert wire.get(patient.reference, Accept=versioned).document == plain.document
    assert wire.post("Patient", a_patient(), Content_Type=versioned).status == 201


FAILURES = {
    "unparsable": ("POST", "Patient", b"{", {}, 400),
    "invalid": ("POST", "Patient", b'{"resourceType": "Patient", "gender": "x"}', {}, 400),
    "unknown-value": ("GET", "Patient?birthdate=never", b"", {}, 400),
    "nobody": ("GET", "Patient/1", b"", {"Authorization": "Bearer nobody"}, 401),
    "another-type": ("POST", "Organization", b'{"resourceType": "InsurancePlan"}', {}, 400),
    "no-such-type": ("GET", "Nothing/1", b"", {}, 404),
    "no-such-id": ("GET", "Patient/none", b"", {}, 404),
    "no-such-verb": ("DELETE", "metadata", b"", {}, 405),
    "no-such-format": ("GET", "Patient/none", b"", {"Accept": XML}, 406),
    "no-such-body": ("POST", "Patient", b"{}", {"Content_Type": XML}, 415),
    "business": ("POST", "Claim", json_text.write(a_claim(status="draft")).encode(), {}, 422),
}


@pytest.mark.parametrize("case", FAILURES)
def test_006_every_failure_has_an_outcome_with_a_known_issue(wire, case):
    method, path, body, headers, status = FAILURES[case]

    failed = wire.ask(method, path, body, **headers)

    assert failed.status == status
    assert failed.headers["Content-Type"].partition(";")[0] == FHIR_JSON
    assert failed.document["resourceType"] == "OperationOutcome"
    assert len(failed.document["issue"]) >= 1
    for issue in failed.document["issue"]:
        assert issue["severity"] in set(Severity)
        assert issue["code"] in set(IssueType)


def test_007_no_credential_is_401_and_tells_nothing(wire, patient):
    for nobody in (Wire(wire.http, None), Wire(wire.http, "nobody")):
        known, unknown = nobody.get(patient.reference), nobody.get("Patient/none")
        assert (known.status, unknown.status) == (401, 401)
        assert known.document == unknown.document
        assert "WWW-Authenticate" in known.headers
    assert wire.get(patient.reference).status == 200


def test_007_a_known_caller_who_may_not_is_403_and_learns_nothing(wire, core, other, patient):
    plan = {"resourceType": "InsurancePlan", "status": "active", "name": "Plan"}

    assert wire.post("InsurancePlan", plan).status == 403
    known, unknown = other.get(patient.reference), other.get("Patient/none")
    assert (known.status, known.document) == (unknown.status, unknown.document)
    assert known.status == 404
    known, unknown = (
        put(other, path, {**a_patient(), "id": path.partition("/")[2]})
        for path in (patient.reference, "Patient/none")
    )
    assert (known.status, known.document) == (unknown.status, unknown.document)


def test_008_an_unknown_type_is_404_and_an_unsupported_verb_405(wire, claim):
    for method in ("GET", "PUT", "DELETE"):
        unknown = wire.ask(method, "Nothing/1", b'{"resourceType": "Nothing", "id": "1"}')
        assert (unknown.status, unknown.document["resourceType"]) == (404, "OperationOutcome")
    for path in ("Nothing", "Nothing?x=1"):
        assert wire.get(path).status == 404

    for method, path in (("DELETE", "metadata"), ("PUT", "metadata"), ("DELETE", claim.reference)):
        refused = wire.ask(method, path)
        assert (refused.status, refused.document["resourceType"]) == (405, "OperationOutcome")
        assert refused.document["issue"][0]["code"] == "not-supported"


def test_009_addresses_and_ids_are_case_sensitive(wire, core):
    known = put(
        core,
        "Organization/Own-1.a",
        {"resourceType": "Organization", "id": "Own-1.a", "name": "Own"},
    )

    assert known.status == 201
    assert core.get("Organization/Own-1.a").status == 200
    assert core.get("Organization/own-1.A").status == 404
    assert core.get("organization/Own-1.a").status == 404


@pytest.mark.parametrize("id", ["x" * 65, "a_b", "a%20b", "%C3%A9"])
def test_009_an_id_of_another_form_is_refused(core, id):
    fits = "x" * 64
    document = {"resourceType": "Organization", "name": "Own"}

    assert put(core, f"Organization/{id}", {**document, "id": fits}).status in {400, 404}
    assert core.get(f"Organization/{id}").status in {400, 404}
    assert put(core, f"Organization/{fits}", {**document, "id": fits}).status == 201


def test_010_head_is_get_without_the_body(wire, patient):
    for path in (patient.reference, "Patient", "metadata", f"{patient.reference}/_history"):
        got, head = wire.get(path), wire.ask("HEAD", path)
        assert (head.status, head.text) == (got.status, "")
        assert head.headers["Content-Type"] == got.headers["Content-Type"]
        assert head.headers.get("ETag") == got.headers.get("ETag")
    assert wire.ask("HEAD", "Patient/none").status == 404


NO_JSON_OF_FHIR = {
    "unknown-property": b'{"resourceType": "Patient", "surname": "A"}',
    "key-twice": b'{"resourceType": "Patient", "gender": "male", "gender": "male"}',
    "null": b'{"resourceType": "Patient", "gender": null}',
    "empty-array": b'{"resourceType": "Patient", "name": []}',
    "empty-object": b'{"resourceType": "Patient", "maritalStatus": {}}',
    "empty-string": b'{"resourceType": "Patient", "gender": ""}',
}


@pytest.mark.parametrize("case", NO_JSON_OF_FHIR)
def test_011_what_json_of_fhir_forbids_is_400(wire, patient, case):
    body = NO_JSON_OF_FHIR[case]
    own = body.replace(b'"Patient"', f'"Patient", "id": "{patient.document["id"]}"'.encode(), 1)

    assert wire.post("Patient", body).status == 400
    assert wire.ask("PUT", patient.reference, own).status == 400
    assert wire.post("Patient", b'{"resourceType": "Patient", "gender": "male"}').status == 201


def test_012_decimals_keep_their_precision(wire):
    claim = created(wire, a_claim(prices=["10.50"]))

    version = wire.get(f"{claim.reference}/_history/1")
    search = wire.get(f"Claim?_id={claim.document['id']}")
    history = wire.get(f"{claim.reference}/_history")
    for answer in (claim, wire.get(claim.reference), version, search, history):
        assert '"value":10.50' in answer.text.replace('": ', '":')


def test_013_a_time_needs_its_zone(wire):
    assert wire.post("Communication", a_communication(sent="2026-03-01T10:00:00")).status == 400
    assert wire.post("Communication", a_communication(sent="2026-03-01T10:00:00Z")).status == 201


@pytest.mark.parametrize("date", ["1970", "1970-05", "1970-05-17"])
def test_013_partial_dates_are_accepted(wire, date):
    patient = created(wire, a_patient(birthDate=date))

    assert wire.get(patient.reference).document["birthDate"] == date

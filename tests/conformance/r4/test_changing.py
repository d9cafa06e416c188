"""Lines 31 to 42: update, patch and delete, also conditional.

http://hl7.org/fhir/R4/http.html#update
"""

import pytest

from tests.builders import a_claim
from tests.conformance.r4.asking import (
    SYSTEM,
    a_patient,
    created,
    found,
    numbered,
    patch,
    put,
    without_own,
)
from tests.conftest import BASE_URL

ORGANIZATION = {"resourceType": "Organization", "id": "own", "name": "Own"}
OTHER_GENDER = {"op": "add", "path": "/gender", "value": "other"}
BY_NUMBER = f"identifier={SYSTEM}|7"


def test_031_an_update_of_what_exists_is_200(wire, patient):
    changed = put(wire, patient.reference, {**patient.document, "gender": "other"})

    assert changed.status == 200
    read = wire.get(patient.reference).document
    assert (read["gender"], read["meta"]["versionId"]) == ("other", "2")


def test_031_an_update_of_a_new_id_creates_where_ids_may_be_chosen(wire, core):
    made = put(core, "Organization/own", ORGANIZATION)

    assert made.status == 201
    assert made.headers["Location"] == f"{BASE_URL}/Organization/own/_history/1"
    assert core.get("Organization/own").document["name"] == "Own"
    refused = put(wire, "Patient/own", a_patient(id="own"))
    assert (refused.status, wire.get("Patient/own").status) == (405, 404)


def test_031_an_update_brings_a_deleted_id_back(wire, patient):
    wire.ask("DELETE", patient.reference)
    assert wire.get(patient.reference).status == 410

    back = put(wire, patient.reference, {**patient.document, "gender": "other"})

    assert back.status in {200, 201}
    read = wire.get(patient.reference)
    assert (read.status, read.document["gender"]) == (200, "other")
    assert found(wire, "Patient?gender=other") == {patient.reference}


def test_032_a_body_without_the_id_of_the_address_is_400(wire, patient):
    other = created(wire, a_patient())
    body = {**patient.document, "gender": "other"}

    assert put(wire, patient.reference, without_own(body)).status == 400
    assert put(wire, patient.reference, {**body, "id": other.document["id"]}).status == 400

    assert wire.get(patient.reference).text == patient.text
    assert put(wire, patient.reference, body).status == 200


def test_033_an_update_has_a_version_of_the_server_s_own(wire, patient, clock):
    clock.forward(hours=1)
    meta = {"versionId": "77", "lastUpdated": "1999-01-01T00:00:00Z"}

    changed = put(wire, patient.reference, {**patient.document, "gender": "other", "meta": meta})

    assert changed.headers["ETag"] == 'W/"2"'
    assert changed.headers["Last-Modified"] == "Mon, 02 Mar 2026 10:30:00 GMT"
    read = wire.get(patient.reference)
    assert read.document["meta"]["versionId"] == "2"
    assert read.document["meta"]["lastUpdated"].startswith("2026-03-02T10:30:00")


def test_034_an_update_of_an_old_version_is_412(wire, patient):
    first = patient.headers["ETag"]
    assert put(wire, patient.reference, {**patient.document, "gender": "male"}).status == 200
    before = wire.get(patient.reference)

    late = put(wire, patient.reference, {**patient.document, "gender": "female"}, If_Match=first)

    assert (late.status, late.document["resourceType"]) == (412, "OperationOutcome")
    assert wire.get(patient.reference).text == before.text
    current = before.headers["ETag"]
    body = {**patient.document, "gender": "female"}
    assert put(wire, patient.reference, body, If_Match=current).status == 200


def test_034_a_delete_of_an_old_version_is_412(wire, patient):
    put(wire, patient.reference, {**patient.document, "gender": "male"})

    assert wire.ask("DELETE", patient.reference, If_Match='W/"1"').status == 412
    assert wire.get(patient.reference).status == 200
    assert wire.ask("DELETE", patient.reference, If_Match='W/"2"').status in {200, 204}


def test_035_an_update_without_if_match_is_taken(wire, patient):
    for gender in ("male", "female"):
        assert put(wire, patient.reference, {**patient.document, "gender": gender}).status == 200


def test_036_a_conditional_update_without_a_match_creates(wire):
    made = put(wire, f"Patient?{BY_NUMBER}", a_patient(identifier=numbered("7")))

    assert made.status == 201
    assert made.headers["Location"] == f"{BASE_URL}/{made.reference}/_history/1"
    assert found(wire, f"Patient?{BY_NUMBER}") == {made.reference}


def test_036_a_conditional_update_with_an_id_and_without_a_match_creates_or_is_refused(wire, core):
    body = {**ORGANIZATION, "identifier": numbered("7")}

    answer = put(core, f"Organization?{BY_NUMBER}", body)

    assert answer.status in {201, 400, 404, 405, 422}
    assert (core.get("Organization/own").status == 200) == (answer.status == 201)


@pytest.mark.parametrize("names_its_id", [False, True], ids=["without-id", "with-its-id"])
def test_036_a_conditional_update_changes_the_one_match(wire, names_its_id):
    first = created(wire, a_patient(identifier=numbered("7")))
    body = a_patient(identifier=numbered("7"), gender="other")
    if names_its_id:
        body["id"] = first.document["id"]

    changed = put(wire, f"Patient?{BY_NUMBER}", body)

    assert changed.status == 200
    read = wire.get(first.reference).document
    assert (read["gender"], read["meta"]["versionId"]) == ("other", "2")


def test_036_a_conditional_update_of_another_id_is_400(wire):
    first = created(wire, a_patient(identifier=numbered("7")))

    answer = put(wire, f"Patient?{BY_NUMBER}", a_patient(id="another", gender="other"))

    assert answer.status == 400
    assert wire.get(first.reference).text == first.text


def test_036_a_conditional_update_with_several_matches_is_412(wire, rows):
    for _ in range(2):
        created(wire, a_patient(identifier=numbered("7")))
    before = rows.counts()

    assert put(wire, f"Patient?{BY_NUMBER}", a_patient(gender="other")).status == 412

    assert rows.counts() == before


def test_037_an_active_claim_is_changed_only_in_its_status(wire, claim):
    body = claim.document

    refused = put(wire, claim.reference, {**body, "created": "2026-03-01"})

    assert (refused.status, refused.document["resourceType"]) == (422, "OperationOutcome")
    assert wire.get(claim.reference).text == claim.text
    assert put(wire, claim.reference, {**body, "status": "cancelled"}).status == 200
    assert wire.get(claim.reference).document["status"] == "cancelled"


READ_ONLY = ("ExplanationOfBenefit", "ClaimResponse", "PaymentReconciliation", "AuditEvent")


def test_037_read_only_types_are_told(capabilities):
    def offered(type):
        return {one["code"] for one in capabilities[type]["interaction"]}

    for type in READ_ONLY:
        assert offered(type) & {"update", "patch", "delete"} == set(), type
    assert {"update", "patch", "delete"} <= offered("Patient")
    assert "update" in offered("Claim")


def test_037_what_is_told_to_be_read_only_is_not_changed(wire, core, claim):
    path = claim.headers["Link"].partition(">")[0].removeprefix(f"<{BASE_URL}/")
    answer = wire.get(path)

    for client in (wire, core):
        refused = put(client, path, {**answer.document, "disposition": "Paid in full."})
        assert refused.status in {403, 405, 422}
        assert client.ask("DELETE", path).status in {403, 405}

    assert wire.get(path).text == answer.text


def test_038_a_patch_of_an_old_version_is_412(wire, patient):
    put(wire, patient.reference, {**patient.document, "gender": "male"})

    assert patch(wire, patient.reference, OTHER_GENDER, If_Match='W/"1"').status == 412
    assert wire.get(patient.reference).document["gender"] == "male"
    changed = patch(wire, patient.reference, OTHER_GENDER, If_Match='W/"2"')
    assert (changed.status, changed.headers["ETag"]) == (200, 'W/"3"')
    assert wire.get(patient.reference).document["gender"] == "other"


@pytest.mark.parametrize("sent", ["application/merge-patch+json", "application/fhir+xml"])
def test_038_another_patch_format_is_415(wire, patient, sent):
    assert patch(wire, patient.reference, OTHER_GENDER, Content_Type=sent).status == 415
    assert wire.get(patient.reference).text == patient.text
    assert patch(wire, patient.reference, OTHER_GENDER).status == 200


def test_039_a_delete_may_be_repeated(wire, patient):
    for path in (patient.reference, patient.reference, "Patient/never-was"):
        deleted = wire.ask("DELETE", path)
        assert deleted.status in {200, 204}
        shape = "" if deleted.status == 204 else "OperationOutcome"
        assert deleted.document.get("resourceType", "") == shape
        assert (deleted.status == 204) == (deleted.text == "")


def test_040_a_deleted_resource_is_gone_but_for_its_versions(wire, patient):
    other = created(wire, a_patient())

    wire.ask("DELETE", patient.reference)

    assert wire.get(patient.reference).status == 410
    assert found(wire, "Patient?family=chalmers") == {other.reference}
    assert found(wire, "Patient") == {other.reference}
    assert wire.get(f"{patient.reference}/_history/1").text == patient.text


def test_041_a_type_that_is_never_deleted_is_405(wire, claim):
    refused = wire.ask("DELETE", claim.reference)

    assert (refused.status, refused.document["resourceType"]) == (405, "OperationOutcome")
    assert wire.get(claim.reference).status == 200


def test_041_what_others_need_is_409(wire, patient):
    other = created(wire, a_patient())
    created(wire, a_claim(patient={"reference": patient.reference}))

    refused = wire.ask("DELETE", patient.reference)

    assert (refused.status, refused.document["resourceType"]) == (409, "OperationOutcome")
    assert wire.get(patient.reference).status == 200
    assert wire.ask("DELETE", other.reference).status in {200, 204}


def test_042_a_conditional_delete_does_what_is_declared(wire, capabilities):
    both = {created(wire, a_patient(identifier=numbered("7"))).reference for _ in range(2)}
    declared = capabilities["Patient"]["conditionalDelete"]

    deleted = wire.ask("DELETE", f"Patient?{BY_NUMBER}")

    statuses = {"not-supported": {400, 405}, "single": {412}, "multiple": {200, 204}}
    assert deleted.status in statuses[declared]
    left = set() if declared == "multiple" else both
    assert found(wire, f"Patient?{BY_NUMBER}") == left


def test_042_a_conditional_delete_takes_the_one_match(wire, patient, capabilities):
    one = created(wire, a_patient(identifier=numbered("7")))
    declared = capabilities["Patient"]["conditionalDelete"]

    deleted = wire.ask("DELETE", f"Patient?{BY_NUMBER}")

    assert (deleted.status in {200, 204}) == (declared != "not-supported")
    assert wire.get(one.reference).status == (200 if declared == "not-supported" else 410)
    assert wire.get(patient.reference).status == 200

"""Lines 20 to 30: create and conditional create.

http://hl7.org/fhir/R4/http.html#create
"""

from concurrent.futures import ThreadPoolExecutor

import pytest

from app.fhir import json_text
from tests.builders import a_claim, a_coverage, an_eligibility_request
from tests.conformance.r4.asking import SYSTEM, a_patient, created, found, numbered, without_own
from tests.conftest import BASE_URL
from tests.wire import Wire

AT_ONCE = 4


def test_020_a_created_resource_is_at_its_location(wire):
    taken = wire.post("Patient", a_patient())

    assert taken.status == 201
    assert taken.headers["Location"] == f"{BASE_URL}/{taken.reference}/_history/1"
    assert wire.get(taken.headers["Location"].removeprefix(f"{BASE_URL}/")).text == taken.text


def test_021_what_the_server_sets_is_not_the_client_s_to_choose(wire, clock):
    meta = {"versionId": "77", "lastUpdated": "1999-01-01T00:00:00Z", "source": "urn:x:y"}

    taken = created(wire, a_patient(id="mine", meta=meta))

    assert taken.document["id"] != "mine"
    assert wire.get("Patient/mine").status == 404
    assert taken.document["meta"]["versionId"] == "1"
    assert taken.document["meta"]["lastUpdated"].startswith("2026-03-02T09:30:00")
    assert taken.document["meta"]["source"] == "urn:x:y"


def test_022_a_create_tells_its_version(wire):
    taken = created(wire, a_patient())

    assert taken.headers["ETag"] == 'W/"1"'
    assert taken.headers["Last-Modified"] == "Mon, 02 Mar 2026 09:30:00 GMT"


@pytest.mark.parametrize(
    "document",
    [a_patient(birthDate="1970-05"), a_claim(prices=["10.50", "0.10"]), a_coverage("M9")],
    ids=lambda document: document["resourceType"],
)
def test_023_what_is_read_back_is_what_was_sent(wire, document):
    taken = created(wire, document)

    assert without_own(wire.get(taken.reference).document) == without_own(document)


BROKEN = {
    "unparsable": b'{"resourceType": "Claim"',
    "without-a-mandatory-element": json_text.write(a_claim(patient=None)),
    "of-a-code-not-in-its-value-set": json_text.write(a_claim(use="loan")),
    "of-a-wrong-type": json_text.write(a_claim(created=7)),
}


@pytest.mark.parametrize("case", BROKEN)
def test_024_what_breaks_the_base_rules_is_400_and_not_stored(wire, rows, case):
    before = rows.counts()

    assert wire.post("Claim", BROKEN[case]).status == 400

    assert rows.counts() == before
    assert wire.post("Claim", a_claim()).status == 201


def test_025_a_body_of_another_type_is_400(wire, rows):
    before = rows.counts()

    assert wire.post("Practitioner", a_patient()).status == 400

    assert rows.counts() == before
    assert wire.post("Patient", a_patient()).status == 201


@pytest.mark.parametrize(
    ("refused", "taken"),
    [
        (a_claim(status="draft"), a_claim()),
        (an_eligibility_request(status="cancelled"), an_eligibility_request()),
    ],
    ids=["a-draft", "a-cancelled-one"],
)
def test_026_what_a_business_rule_refuses_is_422(wire, rows, refused, taken):
    before = rows.counts()

    answer = wire.post(refused["resourceType"], refused)

    assert (answer.status, answer.document["issue"][0]["code"]) == (422, "business-rule")
    assert rows.counts() == before
    assert wire.post(taken["resourceType"], taken).status == 201


def test_027_without_a_match_it_is_a_create(wire):
    taken = wire.post(
        "Patient", a_patient(identifier=numbered("7")), If_None_Exist=f"identifier={SYSTEM}|7"
    )

    assert taken.status == 201
    assert taken.headers["Location"] == f"{BASE_URL}/{taken.reference}/_history/1"


def test_027_of_identical_requests_at_once_one_creates(app, wire):
    body = a_patient(identifier=numbered("at-once"))

    def send(_number):
        own = Wire(app.test_client(), wire.token)
        return own.post("Patient", body, If_None_Exist=f"identifier={SYSTEM}|at-once")

    with ThreadPoolExecutor(AT_ONCE) as senders:
        answers = list(senders.map(send, range(AT_ONCE)))

    assert sorted(one.status for one in answers) == [200] * (AT_ONCE - 1) + [201]
    assert len(found(wire, f"Patient?identifier={SYSTEM}|at-once")) == 1


def test_028_with_one_match_nothing_is_created(wire, rows):
    first = created(wire, a_patient(identifier=numbered("7")))
    before = rows.counts()

    again = wire.post(
        "Patient", a_patient(identifier=numbered("7")), If_None_Exist=f"identifier={SYSTEM}|7"
    )

    assert (again.status, again.reference) == (200, first.reference)
    assert again.headers["ETag"] == first.headers["ETag"]
    assert rows.counts()["resource"] == before["resource"]


def test_029_with_several_matches_it_is_412(wire, rows):
    for _ in range(2):
        created(wire, a_patient(identifier=numbered("7")))
    before = rows.counts()

    condition = f"identifier={SYSTEM}|7"
    assert wire.post("Patient", a_patient(), If_None_Exist=condition).status == 412

    assert rows.counts() == before
    assert wire.post("Patient", a_patient(), If_None_Exist=f"{condition}8").status == 201


@pytest.mark.parametrize("condition", ["nonsense=1", "birthdate=never", "", "identifier"])
def test_030_a_condition_that_is_not_understood_is_400(wire, rows, condition):
    before = rows.counts()

    assert wire.post("Patient", a_patient(), If_None_Exist=condition).status == 400

    assert rows.counts() == before
    assert wire.post("Patient", a_patient(), If_None_Exist=f"identifier={SYSTEM}|7").status == 201

"""Conditional create, update, patch and delete: one resource is meant, or none is touched.

http://hl7.org/fhir/R4/http.html#ccreate, http://hl7.org/fhir/R4/http.html#cond-update
"""

import pytest
from sqlalchemy import event

from tests.builders import a_coverage, identifier
from tests.bundles import batch, posted, statuses
from tests.conformance.test_patches import GENDER, patch
from tests.conformance.test_updates import SYSTEM, a_patient, with_id

ONE = f"Patient?identifier={SYSTEM}|1"


def asked(wire, verb, path, **elements):
    if verb == "PATCH":
        return patch(wire, path, GENDER)
    if verb == "PUT":
        return wire.put(path, a_patient(**{"gender": "other", **elements}))
    return wire.delete(path)


VERBS = pytest.mark.parametrize("verb", ["PUT", "PATCH", "DELETE"])


UNUSABLE = {
    "": "ECG-PARAMETER",
    "_format=json": "ECG-PARAMETER",
    "_sort=name": "ECG-PARAMETER",
    "_count=1": "ECG-PARAMETER",
    "identifier": "ECG-SEARCH-PARAMETER",
    "identifier=": "ECG-SEARCH-PARAMETER",
    "nonsense=1": "ECG-SEARCH-PARAMETER",
    "name=Muster&nonsense=1": "ECG-SEARCH-PARAMETER",
    "birthdate=yesterday": "ECG-SEARCH-PARAMETER",
    "identifier:nonsense=1": "ECG-SEARCH-MODIFIER",
}


@VERBS
@pytest.mark.parametrize(("query", "error"), UNUSABLE.items())
def test_a_condition_that_says_nothing_usable_touches_nothing(wire, rows, verb, query, error):
    own = wire.post("Patient", a_patient())
    before = rows.counts()

    refused = asked(wire, verb, f"Patient?{query}")

    assert (refused.status, refused.errors) == (400, [error])
    assert rows.counts() == before
    assert wire.get(own.reference).text == own.text


@pytest.mark.parametrize(("query", "error"), UNUSABLE.items())
def test_a_create_under_such_a_condition_is_no_plain_create(wire, rows, query, error):
    before = rows.counts()

    refused = wire.post("Patient", a_patient(), If_None_Exist=query)

    assert (refused.status, refused.errors) == (400, [error])
    assert rows.counts() == before


ANNA = {"name": [{"family": "Muster", "given": ["Anna"]}], "birthDate": "1970-03-30"}
OTTO = {"name": [{"family": "Muster", "given": ["Otto"]}], "birthDate": "1971-01-02"}


@pytest.mark.parametrize(
    "query",
    [
        "name=muster&birthdate=1970-03",
        "given=anna",
        "birthdate=lt1971",
        "_id={anna}",
        "given:exact=Anna&_sort=birthdate",
        "given=Anna&_pretty=true&_format=json",
        "general-practitioner.name=Meier",
    ],
)
@VERBS
def test_a_condition_is_any_search(wire, verb, query):
    doctor = wire.post(
        "Practitioner", {"resourceType": "Practitioner", "name": [{"family": "Meier"}]}
    )
    by_doctor = {"generalPractitioner": [{"reference": doctor.reference}]}
    anna = wire.post("Patient", a_patient("1", **ANNA, **by_doctor))
    otto = wire.post("Patient", a_patient("2", **OTTO))

    path = f"Patient?{query.format(anna=anna.document['id'])}"
    changed = asked(wire, verb, path)

    assert (changed.status, changed.headers["ETag"]) == (204 if verb == "DELETE" else 200, 'W/"2"')
    assert wire.get(f"{anna.reference}/_history/2").status == (410 if verb == "DELETE" else 200)
    assert wire.get(otto.reference).text == otto.text


def test_a_create_under_any_search_finds_what_meets_it(wire):
    anna = wire.post("Patient", a_patient("1", **ANNA))
    wire.post("Patient", a_patient("2", **OTTO))

    found = wire.post("Patient", a_patient("3"), If_None_Exist="given=Anna&birthdate=1970-03-30")
    several = wire.post("Patient", a_patient("3"), If_None_Exist="?family=muster")
    fresh = wire.post("Patient", a_patient("3"), If_None_Exist="given=Anna&birthdate=1971")

    assert (found.status, found.reference) == (200, anna.reference)
    assert (several.status, several.errors) == (412, ["ECG-MULTIPLE-MATCHES"])
    assert fresh.status == 201


@VERBS
def test_several_matches_are_412_and_none_is_touched(wire, rows, verb):
    for _ in range(2):
        wire.post("Patient", a_patient())
    before = rows.counts()

    refused = asked(wire, verb, ONE)

    assert (refused.status, refused.errors) == (412, ["ECG-MULTIPLE-MATCHES"])
    assert rows.counts() == before


@VERBS
def test_one_match_is_changed(wire, verb):
    own = wire.post("Patient", a_patient())

    changed = asked(wire, verb, ONE)

    assert changed.status == (204 if verb == "DELETE" else 200)
    assert changed.headers["ETag"] == 'W/"2"'
    after = wire.get(own.reference)
    assert after.status == (410 if verb == "DELETE" else 200)
    assert after.document.get("gender") == (None if verb == "DELETE" else "other")


@pytest.mark.parametrize(("verb", "status"), [("PUT", 201), ("PATCH", 404), ("DELETE", 204)])
def test_what_another_has_is_no_match(wire, other, verb, status):
    anothers = other.post("Patient", a_patient())

    answered = asked(wire, verb, ONE)

    assert answered.status == status
    assert other.get(anothers.reference).text == anothers.text


@VERBS
def test_what_the_payer_lets_be_read_is_no_match_of_a_change(wire, core, verb):
    clinic = {"resourceType": "Organization", "identifier": [identifier(SYSTEM, "1")]}
    kept = core.post("Organization", {**clinic, "name": "Clinic"})
    path = f"Organization?identifier={SYSTEM}|1"
    ask = {
        "PUT": lambda: wire.put(path, clinic),
        "PATCH": lambda: patch(wire, path, {"op": "remove", "path": "/name"}),
        "DELETE": lambda: wire.delete(path),
    }

    assert ask[verb]().status == {"PUT": 201, "PATCH": 404, "DELETE": 204}[verb]
    assert wire.get(kept.reference).text == kept.text


def test_an_update_without_a_match_creates_and_then_updates(wire, rows):
    first = wire.put(ONE, a_patient())
    second = wire.put(ONE, a_patient(gender="other"))

    assert (first.status, first.headers["ETag"]) == (201, 'W/"1"')
    assert first.headers["Location"].endswith(f"{first.reference}/_history/1")
    assert (second.status, second.headers["ETag"]) == (200, 'W/"2"')
    assert second.reference == first.reference


@pytest.mark.parametrize(("id", "status"), [("same", 200), ("another", 400)])
def test_the_id_in_the_body_is_that_of_the_match(wire, id, status):
    own = wire.post("Patient", a_patient())
    given = own.document["id"] if id == "same" else id

    answered = asked(wire, "PUT", ONE, id=given)

    assert answered.status == status
    assert ("gender" in wire.get(own.reference).document) == (status == 200)


def test_an_id_without_a_match_is_the_payers_alone_to_choose(wire, core, rows):
    before = rows.counts()
    refused = asked(wire, "PUT", ONE, id="chosen")
    assert (refused.status, refused.errors) == (405, ["ECG-METHOD"])
    assert rows.counts() == before

    created = asked(core, "PUT", ONE, id="chosen")

    assert (created.status, created.reference) == (201, "Patient/chosen")


def test_the_payer_changes_its_own_and_not_what_submitters_sent(wire, core):
    sent = wire.post("Coverage", a_coverage())
    path = "Coverage?identifier=http://payer.test/member|M1"

    created = core.put(path, with_id(a_coverage(), "Coverage/kept"))
    changed = core.put(path, with_id(a_coverage(status="cancelled"), "Coverage/kept"))
    deleted = core.delete(path)

    assert [one.status for one in (created, changed, deleted)] == [201, 200, 204]
    assert core.get("Coverage/kept").status == 410
    assert wire.get(sent.reference).text == sent.text


@pytest.fixture
def stuffed(wire, http):
    """More of a submitter's that meet a condition of the payer's than anybody would look at."""
    for _ in range(2):
        reply = batch(wire, *[posted(a_patient()) for _ in range(255)])
        assert set(statuses(reply)) == {"201"}


def test_what_a_submitter_sent_does_not_stop_the_conditions_of_the_payer(stuffed, core, wire):
    condition = ONE.partition("?")[2]

    created = asked(core, "PUT", ONE, id="kept")
    found = core.post("Patient", a_patient(), If_None_Exist=condition)
    changed = asked(core, "PUT", ONE, gender="male")
    refused = asked(wire, "PUT", ONE)
    deleted = asked(core, "DELETE", ONE)

    assert [one.status for one in (created, found, changed, deleted)] == [201, 200, 200, 204]
    assert found.reference == changed.reference == "Patient/kept"
    assert (refused.status, refused.errors) == (412, ["ECG-MULTIPLE-MATCHES"])
    again = wire.post("Patient", a_patient(), If_None_Exist=condition)
    assert (again.status, again.errors) == (412, ["ECG-MULTIPLE-MATCHES"])


def test_what_a_condition_leads_to_is_counted_without_a_text(wire, store):
    for _ in range(3):
        wire.post("Patient", a_patient())
    sent = []

    def note(_connection, _cursor, statement, *_):
        sent.append(statement)

    event.listen(store.engine, "before_cursor_execute", note)
    try:
        condition = ONE.partition("?")[2]
        refused = [asked(wire, "PUT", ONE)]
        refused += [wire.post("Patient", a_patient(), If_None_Exist=condition)]
    finally:
        event.remove(store.engine, "before_cursor_execute", note)

    assert [one.errors for one in refused] == [["ECG-MULTIPLE-MATCHES"]] * 2
    found = [one for one in sent if "search_token" in one]
    assert len(found) == 2
    assert not [one for one in sent if "FROM resource_version" in one or "body" in one]


def test_a_condition_holds_together_with_if_match(wire):
    own = wire.post("Patient", a_patient())

    refused = wire.put(ONE, a_patient(gender="other"), If_Match='W/"2"')
    changed = wire.put(ONE, a_patient(gender="other"), If_Match='W/"1"')

    assert (refused.status, refused.errors) == (412, ["ECG-VERSION-CONFLICT"])
    assert (changed.status, changed.reference) == (200, own.reference)


@pytest.mark.parametrize(
    ("verb", "status", "without"),
    [("PUT", 412, 201), ("PATCH", 412, 404), ("DELETE", 412, 204)],
)
def test_if_match_is_not_met_by_what_is_not_there(wire, rows, verb, status, without):
    before = rows.counts()
    tag = {"If_Match": 'W/"7"'}
    ask = {
        "PUT": lambda headers: wire.put(ONE, a_patient(), **headers),
        "PATCH": lambda headers: patch(wire, ONE, GENDER, **headers),
        "DELETE": lambda headers: wire.delete(ONE, **headers),
    }

    refused = ask[verb](tag)

    assert (refused.status, refused.errors) == (status, ["ECG-VERSION-CONFLICT"])
    assert rows.counts() == before
    assert ask[verb]({}).status == without


def test_if_none_exist_asks_what_is_there_now(wire):
    condition = f"identifier={SYSTEM}|1"
    first = wire.post("Patient", a_patient("1"), If_None_Exist=condition)
    wire.put(first.reference, with_id(a_patient("2"), first.reference))

    second = wire.post("Patient", a_patient("1"), If_None_Exist=condition)

    assert (second.status, second.reference == first.reference) == (201, False)


def test_what_does_not_meet_its_own_condition_is_created_each_time(wire):
    condition = f"identifier={SYSTEM}|2"

    replies = [wire.post("Patient", a_patient("1"), If_None_Exist=condition) for _ in range(3)]

    assert [one.status for one in replies] == [201, 201, 201]
    assert len({one.reference for one in replies}) == 3

"""Transactions: all or nothing, whatever the order of the entries.

http://hl7.org/fhir/R4/http.html#trules
"""

import pytest

from app.domain.lifecycle import State
from app.store import tables
from tests.api.test_bundles import STAT, a_patch
from tests.builders import a_claim, a_communication, a_coverage, a_price, a_task, identifier
from tests.bundles import (
    PATIENT_SYSTEM,
    URN,
    a_patient,
    asked,
    posted,
    put,
    references,
    statuses,
    transaction,
)
from tests.conftest import BASE_URL
from tests.wire import Wire

ONE, TWO, THREE = (URN.format(each) for each in (1, 2, 3))


def kept(rows):
    """Every row but the audit's, which tells of denials."""
    names = ("resource", "resource_version", "business_identifier", "replay_key", "job")
    return rows.counts() | {name: rows.of(tables.metadata.tables[name]) for name in names}


@pytest.fixture
def patients(wire):
    """Three Patients that are there already."""
    return [wire.post("Patient", a_patient(number)).document for number in "ABC"]


# --- what is refused


@pytest.mark.parametrize(
    ("entry", "status", "error", "expression"),
    [
        (posted(a_claim(status="draft")), 422, "ECG-NOT-ACTIVE", "resource.status"),
        (posted({"resourceType": "Claim"}), 400, "ECG-REQUIRED", "resource.created"),
        (posted(a_patient(), ifNoneExist="colour=red"), 400, "ECG-SEARCH-PARAMETER", None),
        (asked("POST", "Claim", a_patient()), 400, "ECG-RESOURCE-TYPE", "resource.resourceType"),
        (asked("POST", "Patient"), 400, "ECG-NOT-JSON", None),
        (asked("POST", "Nonsense", a_patient()), 404, "ECG-NOT-FOUND", None),
        (asked("GET", "Claim/none"), 404, "ECG-NOT-FOUND", None),
        (asked("HEAD", "Claim/none"), 404, "ECG-NOT-FOUND", None),
        (asked("DELETE", "Task/1"), 405, "ECG-METHOD", "resource"),
        (asked("POST", "Claim/$submit", a_claim()), 400, "ECG-BUNDLE-STEP", "request.url"),
        (asked("GET", "Claim/1/$validate"), 400, "ECG-BUNDLE-STEP", "request.url"),
        (asked("POST", "Claim/1", a_claim()), 400, "ECG-BUNDLE-STEP", "request.url"),
        (asked("POST", "/", a_claim()), 400, "ECG-BUNDLE-STEP", "request.url"),
        (asked("POST", "Claim%2F%24submit", a_claim()), 400, "ECG-BUNDLE-STEP", "request.url"),
        (asked("DELETE", "Patient/none/"), 400, "ECG-BUNDLE-STEP", "request.url"),
        (posted(a_claim(patient={"reference": "Patient?identifier=a|none"})), 412,
         "ECG-BUNDLE-REFERENCE", None),
        (posted(a_claim(patient={"reference": "Patient?colour=red"})), 400,
         "ECG-SEARCH-PARAMETER", None),
        (put(a_patient(id="none")), 405, "ECG-METHOD", "resource"),
    ],
)  # fmt: skip
def test_one_entry_that_is_refused_is_told_and_nothing_is_done(
    wire, rows, entry, status, error, expression
):
    before = kept(rows)

    reply = transaction(wire, posted(a_patient("1"), ONE), entry, posted(a_claim()))

    assert (reply.status, reply.errors[0]) == (status, error)
    place = "Bundle.entry[1]"
    assert reply.expressions[0] == (place if expression is None else f"{place}.{expression}")
    assert kept(rows) == before
    assert statuses(transaction(wire, posted(a_patient("1"), ONE), posted(a_claim()))) == [
        "201",
        "201",
    ]


def test_what_is_changed_before_a_refusal_is_as_it_was(wire, rows, patients):
    one, two, three = patients
    before = kept(rows)

    reply = transaction(
        wire,
        asked("DELETE", f"Patient/{one['id']}"),
        put(two | {"active": True}),
        put(three, ifMatch='W/"7"'),
        posted(a_claim()),
        posted(a_task("poll")),
    )

    assert (reply.status, reply.errors) == (412, ["ECG-VERSION-CONFLICT"])
    assert reply.expressions == ["Bundle.entry[2]"]
    assert kept(rows) == before


def test_a_denial_is_audited_and_nothing_else_of_the_transaction(core, rows):
    before = rows.of(tables.audit)

    reply = transaction(
        core, posted({"resourceType": "Organization", "name": "X"}), posted(a_claim())
    )

    assert reply.status == 403
    [row] = [row for row in rows.of(tables.audit) if row not in before]
    assert (row["action"], row["type"], row["outcome"]) == ("denied", "Claim", "ECG-FORBIDDEN")
    assert row["request_id"] == reply.headers["X-Request-Id"]


def twice(id):
    """Pairs of entries about one resource: the Patient of this id and number A, or a new one."""
    patient, number = f"Patient/{id}", f"identifier={PATIENT_SYSTEM}|"
    encoded = f"Patient/%{ord(id[0]):x}{id[1:]}"
    patch = a_patch({"op": "remove", "path": "/name"})
    conditional = posted(a_patient("N"), ifNoneExist=f"{number}N")
    return {
        "put-put": [put(a_patient(id=id)), put(a_patient(id=id))],
        "put-put-encoded": [put(a_patient(id=id)), asked("PUT", encoded, a_patient(id=id))],
        "delete-put-encoded": [
            asked("DELETE", patient),
            asked("PUT", encoded.replace("/", "%2f"), a_patient(id=id)),
        ],
        "delete-delete": [asked("DELETE", patient), asked("DELETE", patient)],
        "delete-put": [asked("DELETE", patient), put(a_patient(id=id))],
        "patch-put": [asked("PATCH", patient, patch), put(a_patient(id=id))],
        "put-conditional-delete": [put(a_patient(id=id)), asked("DELETE", f"Patient?{number}A")],
        "found-delete": [
            posted(a_patient("A"), ifNoneExist=f"{number}A"),
            asked("DELETE", patient),
        ],
        "condition-condition": [conditional, conditional],
        "conditional-put": [asked("PUT", f"Patient?{number}N", a_patient("N")), conditional],
        "claim-claim": [posted(a_claim(number="N"))] * 2,
    }


@pytest.mark.parametrize("name", twice("any"))
def test_no_two_entries_are_about_one_resource(wire, rows, patients, name):
    before = kept(rows)

    reply = transaction(wire, *twice(patients[0]["id"])[name])

    assert (reply.status, reply.errors) == (400, ["ECG-BUNDLE-TWICE"])
    assert reply.expressions == ["Bundle.entry[1]"]
    assert kept(rows) == before


@pytest.mark.parametrize(("second", "status"), [(ONE, 400), (TWO, 200)])
def test_no_two_entries_have_one_full_url(wire, rows, second, status):
    versions = [a_patient(number, meta={"versionId": number}) for number in "12"]
    about = posted(a_coverage(beneficiary={"reference": ONE}))
    before = kept(rows)

    reply = transaction(wire, posted(versions[0], ONE), posted(versions[1], second), about)

    assert reply.status == status
    if status == 200:
        coverage = reply.document["entry"][2]["resource"]
        assert coverage["beneficiary"] == {"reference": references(reply)[0]}
        return
    assert (reply.errors, reply.expressions) == (["ECG-BUNDLE-TWICE"], ["Bundle.entry[1].fullUrl"])
    assert kept(rows) == before


def finding(other):
    """Entries one of which finds what another brings, and one that finds nothing of it."""
    number = f"identifier={PATIENT_SYSTEM}|"
    patch = a_patch({"op": "remove", "path": "/name"})
    return {
        "post-put": [
            posted(a_patient("N")),
            asked("PUT", f"Patient?{number}{other}", a_patient(other), ONE),
        ],
        "post-post": [
            posted(a_patient("N")),
            posted(a_patient(other), ONE, ifNoneExist=f"{number}{other}"),
        ],
        "post-put-otherwise-spelled": [
            posted(a_patient("N"), ifNoneExist=f"{number}N"),
            asked("PUT", f"Patient?{number}{other}".replace("|", "%7C"), a_patient(other), ONE),
        ],
        "post-patch": [posted(a_patient("N")), asked("PATCH", f"Patient?{number}{other}", patch)],
    }


@pytest.mark.parametrize("is_turned", [False, True])
@pytest.mark.parametrize("name", finding("any"))
def test_no_entry_finds_what_another_brings(wire, rows, patients, name, is_turned):
    about = posted(a_coverage(beneficiary={"reference": ONE}))
    way = -1 if is_turned else 1
    before = kept(rows)

    reply = transaction(wire, *finding("N")[name][::way], about)
    kept_after = kept(rows)
    apart = transaction(wire, *finding("A")[name][::way], about)

    assert (reply.status, reply.errors) == (400, ["ECG-BUNDLE-TWICE"])
    assert reply.expressions == [f"Bundle.entry[{0 if is_turned else 1}]"]
    assert kept_after == before
    assert sorted(statuses(apart)) == ["200", "201", "201"]


def test_entries_about_different_resources_go_together(wire, patients):
    one, two, three = patients

    reply = transaction(
        wire,
        put(one | {"active": True}),
        asked("DELETE", f"Patient/{two['id']}"),
        asked("PATCH", f"Patient/{three['id']}", a_patch({"op": "remove", "path": "/name"})),
        posted(a_patient("N"), ifNoneExist=f"identifier={PATIENT_SYSTEM}|N"),
        posted(a_patient("M"), ifNoneExist=f"identifier={PATIENT_SYSTEM}|M"),
        posted(a_patient()),
        posted(a_patient()),
        asked("GET", f"Patient/{one['id']}"),
        asked("GET", f"Patient/{one['id']}"),
    )

    assert statuses(reply) == ["200", "204", "200", "201", "201", "201", "201", "200", "200"]
    assert reply.document["entry"][7]["resource"]["active"] is True


def test_nobody_changes_or_refers_to_what_is_another_s(wire, other, rows):
    mine = wire.post("Patient", a_patient("A")).document
    [before] = rows.of(tables.resource, type="Patient")

    for entry in (
        put(mine),
        asked("GET", f"Patient/{mine['id']}"),
        posted(a_coverage(beneficiary={"reference": f"Patient?identifier={PATIENT_SYSTEM}|A"})),
    ):
        refused = transaction(other, entry)
        assert refused.status in {404, 405, 412}
        assert mine["id"] not in refused.text
    gone = transaction(other, asked("DELETE", f"Patient/{mine['id']}"))
    created = transaction(
        other, posted(a_patient("A"), ifNoneExist=f"identifier={PATIENT_SYSTEM}|A")
    )

    assert statuses(gone) == ["204"]
    assert wire.get(f"Patient/{mine['id']}").document == mine
    assert statuses(created) == ["201"]
    assert before in rows.of(tables.resource)


# --- what is done


def test_an_empty_transaction_is_answered_by_an_empty_one(wire):
    assert statuses(transaction(wire)) == []


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (1, 3, 0, 2), (2, 0, 3, 1)], ids=str)
def test_the_outcome_does_not_hang_on_the_order_of_the_entries(wire, patients, order):
    entries = [
        posted(a_task("status", focus=TWO)),
        posted(
            a_claim(patient={"reference": ONE}, provider={"reference": THREE}, number="C1"), TWO
        ),
        posted(a_patient(), ONE),
        posted(
            {"resourceType": "Organization", "identifier": [identifier("sid", "Happy Valley")]},
            THREE,
        ),
    ]

    reply = transaction(wire, *[entries[each] for each in order])

    assert statuses(reply) == ["201"] * 4
    resources = [each["resource"] for each in reply.document["entry"]]
    task, claim, patient, organization = (resources[order.index(each)] for each in range(4))
    assert claim["patient"] == {"reference": f"Patient/{patient['id']}"}
    assert claim["provider"] == {"reference": f"Organization/{organization['id']}"}
    assert task["focus"] == {"reference": f"Claim/{claim['id']}"}
    assert task["status"] == "completed"
    assert wire.get(f"Claim/{claim['id']}").document == claim


def test_what_is_read_is_read_as_the_transaction_leaves_it(wire, patients):
    one, two, _ = patients

    reply = transaction(
        wire,
        asked("GET", f"Patient/{one['id']}"),
        asked("GET", f"Patient/{one['id']}/_history"),
        asked("GET", "Patient?active=true"),
        put(one | {"active": True}),
    )
    gone = transaction(
        wire, asked("GET", f"Patient/{two['id']}"), asked("DELETE", f"Patient/{two['id']}")
    )

    read, history, found, _ = (each["resource"] for each in reply.document["entry"])
    assert [each["resource"]["id"] for each in found["entry"]] == [one["id"]]
    assert (read["active"], read["meta"]["versionId"]) == (True, "2")
    assert len(history["entry"]) == 2
    assert (gone.status, gone.errors) == (410, ["ECG-GONE"])
    assert wire.get(f"Patient/{two['id']}").status == 200


@pytest.mark.parametrize("is_turned", [False, True])
def test_what_is_referred_to_is_deleted_with_what_refers_to_it(wire, is_turned):
    patient = wire.post("Patient", a_patient()).reference
    coverage = wire.post("Coverage", a_coverage(beneficiary={"reference": patient})).reference
    deletions = [asked("DELETE", patient), asked("DELETE", coverage)]

    alone = transaction(wire, asked("DELETE", patient))
    together = transaction(wire, *(reversed(deletions) if is_turned else deletions))

    assert (alone.status, alone.errors) == (409, ["ECG-REFERENCED"])
    assert statuses(together) == ["204", "204"]
    assert [wire.get(one).status for one in (patient, coverage)] == [410, 410]


def test_references_are_followed_wherever_they_stand(wire):
    claim = a_claim(
        patient={"reference": ONE},
        contained=[
            {"resourceType": "Coverage", "id": "c", "status": "active",
             "beneficiary": {"reference": ONE}, "payor": [{"reference": TWO}]},
        ],
        extension=[
            {"url": "http://x.test/a", "valueReference": {"reference": ONE}},
            {"url": "http://x.test/b", "valueUri": ONE},
            {"url": "http://x.test/c", "valueString": ONE},
        ],
        insurer={"reference": f"{BASE_URL}/Organization/not-there"},
    )  # fmt: skip
    payer = {"resourceType": "Organization", "name": "Payer"}

    reply = transaction(wire, posted(claim), posted(a_patient(), ONE), posted(payer, TWO))

    assert statuses(reply) == ["201"] * 3
    _, patient, organization = references(reply)
    stored = reply.document["entry"][0]["resource"]
    assert stored["patient"] == {"reference": patient}
    assert stored["contained"][0]["beneficiary"] == {"reference": patient}
    assert stored["contained"][0]["payor"] == [{"reference": organization}]
    values = [list(each.values())[1] for each in stored["extension"]]
    assert values == [{"reference": patient}, patient, ONE]
    assert stored["insurer"] == {"reference": f"{BASE_URL}/Organization/not-there"}


def test_a_reference_to_what_is_there_already_leads_there(wire, patients):
    there = f"Patient/{patients[0]['id']}"
    by_condition = f"identifier={PATIENT_SYSTEM}|A"

    reply = transaction(
        wire,
        posted(a_patient("A"), ONE, ifNoneExist=by_condition),
        posted(a_claim(patient={"reference": ONE})),
        posted(a_claim(patient={"reference": f"Patient?{by_condition}"})),
        posted(a_claim(patient={"reference": there})),
    )

    assert statuses(reply) == ["200", "201", "201", "201"]
    patients_named = [each["resource"]["patient"] for each in reply.document["entry"][1:]]
    assert patients_named == [{"reference": there}] * 3


def test_a_condition_is_met_by_what_the_transaction_itself_brings(wire, patients):
    number = f"identifier={PATIENT_SYSTEM}|N"

    reply = transaction(
        wire,
        posted(a_claim(patient={"reference": f"Patient?{number}"})),
        posted(a_patient("N"), ifNoneExist=number),
    )
    moved = transaction(
        wire,
        posted(a_claim(patient={"reference": f"Patient?identifier={PATIENT_SYSTEM}|A"})),
        put(a_patient("Z", id=patients[0]["id"])),
    )

    by_name = transaction(
        wire,
        posted(a_coverage(beneficiary={"reference": "Patient?name=Zoe"})),
        posted(a_patient(name=[{"text": "Zoe"}])),
    )

    for answered in (reply, by_name):
        about, patient = (each["resource"] for each in answered.document["entry"])
        reference = about.get("patient") or about["beneficiary"]
        assert reference == {"reference": f"Patient/{patient['id']}"}
    assert (moved.status, moved.errors) == (412, ["ECG-BUNDLE-REFERENCE"])


def test_so_many_different_conditions_and_no_more(wire, rows, patients):
    def named(number):
        # Each is spelled in its own way, and all mean the same Patient.
        condition = f"Patient?identifier={PATIENT_SYSTEM}|A"
        payors = [{"reference": condition + "&" * each} for each in range(number)]
        return posted(a_coverage(payor=payors))

    before = kept(rows)

    refused = transaction(wire, named(501))

    assert (refused.status, refused.errors) == (400, ["ECG-TOO-COMPLEX"])
    assert kept(rows) == before
    assert statuses(transaction(wire, named(500))) == ["201"]


def test_a_condition_that_several_meet_ends_the_transaction(wire, rows):
    for _ in range(2):
        wire.post("Patient", a_patient("S"))
    condition = f"identifier={PATIENT_SYSTEM}|S"
    before = kept(rows)

    for entry, error in (
        (posted(a_patient("S"), ifNoneExist=condition), "ECG-MULTIPLE-MATCHES"),
        (posted(a_claim(patient={"reference": f"Patient?{condition}"})), "ECG-BUNDLE-REFERENCE"),
        (asked("DELETE", f"Patient?{condition}"), "ECG-MULTIPLE-MATCHES"),
    ):
        reply = transaction(wire, posted(a_patient()), entry)
        assert (reply.status, reply.errors) == (412, [error])
        assert reply.expressions == ["Bundle.entry[1]"]
    assert kept(rows) == before


def test_a_conditional_update_creates_what_others_refer_to(wire):
    condition = f"identifier={PATIENT_SYSTEM}|N"

    entries = [
        asked("PUT", f"Patient?{condition}", a_patient("N"), ONE),
        posted(a_coverage(beneficiary={"reference": ONE})),
    ]
    first, second = transaction(wire, *entries), transaction(wire, *entries)

    assert (statuses(first), statuses(second)) == (["201", "201"], ["200", "201"])
    for reply in (first, second):
        patient, coverage = (each["resource"] for each in reply.document["entry"])
        assert coverage["beneficiary"] == {"reference": f"Patient/{patient['id']}"}
    assert references(first)[0] == references(second)[0]


def test_the_payer_loads_its_own_data_as_one(core, wire):
    reply = transaction(
        core,
        put(a_coverage("M1"), ONE),
        posted({"resourceType": "Organization", "name": "Payer"}, TWO),
        put(a_price() | {"id": "price-1200"}),
        put(a_patient(id="p1")),
    )

    assert statuses(reply) == ["201"] * 4
    assert wire.post("Claim", a_claim()).status == 201
    assert core.get("Coverage/coverage-M1").status == 200


# --- Tasks, and what comes after the commit


def test_a_task_that_is_refused_by_the_payer_is_an_answer(wire):
    reply = transaction(wire, posted(a_patient()), posted(a_task("cancel", focus="Claim/none")))

    assert statuses(reply) == ["201", "201"]
    assert reply.document["entry"][1]["resource"]["status"] == "failed"


def test_a_poll_hands_over_with_the_commit_and_not_without_it(wire, rows):
    wire.post("Claim", a_claim(total={"value": 1, "currency": "EUR"}))
    poll = a_task("poll")

    failed = transaction(wire, posted(poll), asked("GET", "Claim/none"))
    states = [row["state"] for row in rows.of(tables.pended)]
    done = transaction(wire, posted(poll))

    assert failed.status == 404
    assert states == [tables.Delivery.UNDELIVERED]
    task = done.document["entry"][0]["resource"]
    assert task["status"] == "completed"
    assert [row["state"] for row in rows.of(tables.pended)] == [tables.Delivery.DELIVERED]
    assert wire.get(f"Bundle/{task['id']}").document["entry"]


def test_a_claim_is_cancelled_by_a_task_beside_it(wire, rows):
    reply = transaction(wire, posted(a_task("cancel", focus=ONE)), posted(a_claim(), ONE))

    assert [each["resource"]["status"] for each in reply.document["entry"]] == [
        "completed",
        "active",
    ]
    [submission] = rows.of(tables.submission)
    assert submission["state"] == State.CANCELLED


def test_an_attachment_is_taken_beside_its_claim(wire, rows):
    about = [{"reference": ONE}]

    reply = transaction(wire, posted(a_communication(about=about)), posted(a_claim(), ONE))

    assert statuses(reply) == ["201", "201"]
    communication, claim = references(reply)
    assert wire.get(communication).document["about"] == [{"reference": claim}]


def test_urgent_claims_are_decided_after_the_commit(wire, core, rows):
    core.post("Coverage", a_coverage())

    reply = transaction(wire, posted(a_claim(priority=STAT)), posted(a_claim()))
    failed = transaction(wire, posted(a_claim(priority=STAT)), asked("GET", "Claim/none"))

    assert (statuses(reply), failed.status) == (["201", "201"], 404)
    states = sorted(row["state"] for row in rows.of(tables.submission, type="Claim"))
    assert states == sorted([State.PAYABLE, State.QUEUED])


def test_everything_is_audited_as_when_done_singly(wire, rows):
    transaction_of = transaction(
        wire, posted(a_claim()), posted(a_patient(), ONE), posted(a_task("status", focus="Claim/x"))
    )
    told = rows.of(tables.audit, request_id=transaction_of.headers["X-Request-Id"])

    singly = [wire.post("Patient", a_patient()), wire.post("Claim", a_claim()),
              wire.task(a_task("status", focus="Claim/x"))]  # fmt: skip
    ids = {reply.headers["X-Request-Id"] for reply in singly}
    alone = [row for row in rows.of(tables.audit) if row["request_id"] in ids]
    columns = ("actor", "action", "outcome", "type")
    assert [[row[name] for name in columns] for row in told] == [
        [row[name] for name in columns] for row in alone
    ]
    assert told != []


def test_two_entries_of_one_address_are_not_told_apart_by_a_version(wire, rows):
    first, second = (a_patient(each, meta={"versionId": each}) for each in "12")
    coverage = posted(a_coverage(beneficiary={"reference": ONE}))
    before = kept(rows)

    refused = transaction(wire, posted(first, ONE), posted(second, ONE), coverage)

    assert (refused.status, refused.errors) == (400, ["ECG-BUNDLE-TWICE"])
    assert refused.expressions == ["Bundle.entry[1].fullUrl"]
    assert kept(rows) == before
    done = transaction(wire, posted(first, ONE), posted(second, TWO), coverage)
    assert statuses(done) == ["201"] * 3


# --- the same again


def test_a_transaction_sent_twice_is_its_parts_sent_twice(wire, rows):
    entries = [
        posted(a_claim(patient={"reference": ONE}), TWO),
        posted(a_patient("1"), ONE, ifNoneExist=f"identifier={PATIENT_SYSTEM}|1"),
        posted(a_task("status", focus=TWO)),
    ]

    first, second = transaction(wire, *entries), transaction(wire, *entries)

    assert (statuses(first), statuses(second)) == (["201"] * 3, ["200", "200", "201"])
    assert references(first)[:2] == references(second)[:2]
    assert len(rows.of(tables.submission)) == 1


def test_a_key_of_the_whole_is_a_key_of_each_part(wire, rows):
    entries = [
        posted(a_patient(), ONE),
        posted(a_patient(), TWO),
        posted(a_coverage(beneficiary={"reference": ONE})),
    ]
    first = transaction(wire, *entries, Idempotency_Key="K")
    counts = rows.counts()

    again = transaction(wire, *entries, Idempotency_Key="K")
    changed = transaction(wire, posted(a_patient("2")), Idempotency_Key="K")

    assert (statuses(first), statuses(again)) == (["201"] * 3, ["200"] * 3)
    assert references(first) == references(again)
    assert (changed.status, changed.errors) == (422, ["ECG-IDEMPOTENCY"])
    assert changed.expressions == ["Bundle.entry[0]"]
    assert rows.counts() == counts


def test_a_credential_is_asked_for(http):
    assert transaction(Wire(http, None)).status == 401

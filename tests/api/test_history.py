"""Histories at three levels: newest first, own alone, deletions told, purges untold.

http://hl7.org/fhir/R4/http.html#history
"""

import pytest

from app.fhir import json_text
from app.fhir.documents import identifiers_of
from app.fhir.validation import check
from app.store import tables
from tests.builders import a_claim, a_coverage, a_task
from tests.conftest import BASE_URL
from tests.wire import Wire


def told(reply):
    """Method, address and status of every entry of a Bundle that is valid."""
    assert (reply.status, reply.document.get("type")) == (200, "history"), reply.text
    assert check(reply.document) == []
    return [
        (each["request"]["method"], each["request"]["url"], each["response"]["status"])
        for each in reply.document.get("entry", [])
    ]


def sent(reply):
    """As `told`, without the default plan that every payer begins with."""
    return [each for each in told(reply) if not each[1].startswith("InsurancePlan")]


def versions(reply):
    """Which versions the entries hold, by their full address."""
    told(reply)
    return [
        (each["fullUrl"].removeprefix(f"{BASE_URL}/"), each["response"]["etag"])
        for each in reply.document.get("entry", [])
    ]


def link(reply, relation):
    found = [each["url"] for each in reply.document["link"] if each["relation"] == relation]
    return found[0].removeprefix(f"{BASE_URL}/") if found else None


def walked(wire: Wire, path: str):
    """Every page from here on."""
    pages = []
    while path is not None and len(pages) < 50:
        pages.append(wire.get(path))
        path = link(pages[-1], "next")
    return pages


@pytest.fixture
def patient(wire, installation, registry):
    """A Patient that was deleted in its second version."""
    created = wire.post("Patient", {"resourceType": "Patient", "name": [{"text": "Alex"}]})
    type, id = created.reference.split("/")
    scope = registry.issued["Happy Valley"].client.scope

    def delete(work):
        return work.resources.delete(work.resources.find(type, id))

    installation.write(scope, delete)
    return created.reference


def purged(installation, scope, reference):
    type, id = reference.split("/")
    assert installation.write(scope, lambda work: work.resources.purge(type, id)) == 1


# --- what is refused


@pytest.mark.parametrize(
    ("path", "status", "error"),
    [
        ("Claim/none/_history", 404, "ECG-NOT-FOUND"),
        ("Claim/no!id/_history", 404, "ECG-NOT-FOUND"),
        ("Nonsense/_history", 404, "ECG-NOT-FOUND"),
        ("Nonsense/1/_history", 404, "ECG-NOT-FOUND"),
        ("Bundle/_history", 405, "ECG-METHOD"),
        ("AuditEvent/_history", 405, "ECG-METHOD"),
        ("CodeSystem/error/_history", 405, "ECG-METHOD"),
        ("Observation/_history", 405, "ECG-METHOD"),
        ("Claim/_history?_since=2026-03-02", 400, "ECG-PARAMETER"),
        ("Claim/_history?_since=2026-03-02T09:30:00", 400, "ECG-PARAMETER"),
        ("Claim/_history?_since=2026-02-30T09:30:00Z", 400, "ECG-PARAMETER"),
        ("Claim/_history?_since=", 400, "ECG-PARAMETER"),
        ("Claim/_history?_count=-1", 400, "ECG-PARAMETER"),
        ("Claim/_history?_count=many", 400, "ECG-PARAMETER"),
        ("Claim/_history?_count=%C2%B2", 400, "ECG-PARAMETER"),
        ("Claim/_history?_count=1&_count=2", 400, "ECG-PARAMETER"),
        ("Claim/_history?_at=2026-03-02", 400, "ECG-PARAMETER"),
        ("Claim/_history?_list=1", 400, "ECG-PARAMETER"),
        ("Claim/_history?_page=nonsense", 400, "ECG-PARAMETER"),
    ],
)
def test_a_history_that_cannot_be_told(wire, path, status, error):
    reply = wire.get(path)

    assert (reply.status, reply.errors) == (status, [error])


@pytest.mark.parametrize(
    "path",
    [
        "Claim/_history",
        "Task/_history",
        "_history?_since=2026-03-02T09:30:01Z",
        "Claim/_history?_since=2026-03-02T09:30:00Z",
        "Claim/_history?_since=2026-03-02T10:30:00.5+01:00",
        "Claim/_history?_count=1000000",
    ],
)
def test_a_history_of_nothing_has_no_entry(wire, path):
    reply = wire.get(path)

    assert told(reply) == []
    assert "entry" not in reply.document


def test_unknown_parameters_are_refused_only_where_that_is_asked_for(wire):
    path = "Claim/_history?colour=red"

    assert told(wire.get(path)) == told(wire.get(path, Prefer="handling=lenient")) == []
    assert wire.get(path, Prefer="handling=strict").status == 400
    assert wire.get("Claim/_history?_count=3", Prefer="handling=strict").status == 200


def test_the_history_of_what_was_purged_is_gone_and_leaves_nothing(wire, installation, payer_scope):
    kept, gone = (wire.post("Coverage", a_coverage(member)).reference for member in "KG")
    assert len(told(wire.get("Coverage/_history"))) == 2

    purged(installation, payer_scope, gone)

    assert wire.get(f"{gone}/_history").errors == ["ECG-GONE"]
    assert wire.get(f"{gone}/_history").status == 410
    assert versions(wire.get("Coverage/_history")) == [(kept, 'W/"1"')]
    assert gone not in wire.get("_history").text


def test_nobody_sees_the_history_of_another(wire, other, core, http):
    claim = wire.post("Claim", a_claim()).reference

    assert other.get(f"{claim}/_history").text == other.get(f"{claim}x/_history").text
    assert other.get(f"{claim}/_history").status == 404
    assert told(other.get("Claim/_history")) == sent(other.get("_history")) == []
    assert versions(wire.get("Claim/_history")) == [(claim, 'W/"1"')]
    # The payer's own side sees all of the payer.
    assert versions(core.get("Claim/_history")) == [(claim, 'W/"1"')]
    assert Wire(http, None).get("_history").status == 401


def test_a_page_link_opens_for_its_client_at_its_address(wire, other):
    for _ in range(3):
        wire.post("Claim", a_claim())
    path = link(wire.get("Claim/_history?_count=1"), "next")

    assert len(told(wire.get(path))) == 1
    assert other.get(path).status == 400
    assert wire.get(path.replace("Claim/", "Patient/", 1)).status == 400
    assert wire.get(path.replace("Claim/", "", 1)).status == 400


# --- what is told


def test_versions_come_newest_first_with_their_texts(wire, clock):
    created = wire.post("Claim", a_claim())
    claim = created.reference
    clock.forward(minutes=5)
    wire.task(a_task("cancel", focus=claim))

    reply = wire.get(f"{claim}/_history")

    assert told(reply) == [("PUT", claim, "200"), ("POST", "Claim", "201")]
    assert versions(reply) == [(claim, 'W/"2"'), (claim, 'W/"1"')]
    assert created.text in reply.text
    assert wire.get(claim).text in reply.text
    assert [each["response"]["lastModified"] for each in reply.document["entry"]] == [
        "2026-03-02T09:35:00.000Z",
        "2026-03-02T09:30:00.000Z",
    ]
    assert link(reply, "self") == f"{claim}/_history?_count=50"
    assert link(reply, "next") is None


def test_what_the_server_changes_by_itself_is_told(wire, core, worker, clock):
    core.post("Coverage", a_coverage())
    claim = wire.post("Claim", a_claim())
    response = claim.headers["Link"].split(";")[0].strip("<>").removeprefix(f"{BASE_URL}/")
    clock.forward(seconds=1)
    assert worker.drain()
    assert told(wire.get(f"{response}/_history")) == [
        ("PUT", response, "200"),
        ("POST", "ClaimResponse", "201"),
    ]
    clock.forward(seconds=1)
    task = wire.task(a_task("reprocess", focus=claim.reference)).reference
    clock.forward(seconds=1)
    assert worker.drain()

    statuses = [
        each["resource"]["status"] for each in wire.get(f"{task}/_history").document["entry"]
    ]
    assert statuses == ["completed", "in-progress"]
    types = [name.split("/")[0] for name, _ in versions(wire.get("_history"))]
    assert {"Claim", "ClaimResponse", "ExplanationOfBenefit", "Task", "InsurancePlan"} == set(types)


def test_a_deletion_is_told_without_a_resource(wire, patient):
    for path in (f"{patient}/_history", "Patient/_history", "_history"):
        reply = wire.get(path)

        assert sent(reply) == [("DELETE", patient, "204"), ("POST", "Patient", "201")]
        assert ["resource" in each for each in reply.document["entry"][:2]] == [False, True]


def test_each_change_is_told_by_its_method(core, clock):
    organization = {"resourceType": "Organization", "id": "o1", "name": "A"}
    patch = '[{"op": "replace", "path": "/name", "value": "C"}]'
    core.ask("PUT", "Organization/o1", json_text.write(organization))
    core.ask("PUT", "Organization/o1", json_text.write(organization | {"name": "B"}))
    core.ask("PATCH", "Organization/o1", patch, Content_Type="application/json-patch+json")
    core.ask("DELETE", "Organization/o1")
    core.ask("PUT", "Organization/o1", json_text.write(organization))

    assert told(core.get("Organization/o1/_history")) == [
        ("PUT", "Organization/o1", "201"),
        ("DELETE", "Organization/o1", "204"),
        ("PATCH", "Organization/o1", "200"),
        ("PUT", "Organization/o1", "200"),
        ("PUT", "Organization/o1", "201"),
    ]


def test_what_was_put_under_its_own_id_is_told_so(wire, installation, registry):
    text = '{"resourceType":"Patient","id":"p1","meta":{"versionId":"1"}}'
    scope = registry.issued["Happy Valley"].client.scope

    def put(work):
        return work.resources.add("Patient", "p1", text, (), scope.submitter_id, method="PUT")

    installation.write(scope, put)

    assert told(wire.get("Patient/_history")) == [("PUT", "Patient/p1", "201")]


def test_readable_reference_data_has_a_history_and_other_reference_data_has_none(wire, core):
    core.post("Organization", {"resourceType": "Organization", "name": "Payer"})
    core.post("Coverage", a_coverage())

    assert len(sent(core.get("_history"))) == 2
    assert [url for _, url, _ in sent(wire.get("_history"))] == ["Organization"]


def test_since_is_inclusive_and_any_zone_will_do(wire, clock):
    wire.post("Claim", a_claim())
    clock.forward(minutes=1)
    later = wire.post("Claim", a_claim()).reference

    for since in ("2026-03-02T09:31:00Z", "2026-03-02T10:31:00+01:00", "2026-03-02T09:30:00.001Z"):
        assert versions(wire.get(f"Claim/_history?_since={since}")) == [(later, 'W/"1"')]
    assert len(told(wire.get("Claim/_history?_since=2026-03-02T09:30:00Z"))) == 2
    assert told(wire.get("Claim/_history?_since=2026-03-02T09:31:00.001Z")) == []


def test_what_was_last_seen_is_where_one_may_go_on(wire, clock):
    clock.forward(microseconds=1234)
    claim = wire.post("Claim", a_claim())
    seen = claim.document["meta"]["lastUpdated"]

    assert versions(wire.get(f"Claim/_history?_since={seen}")) == [(claim.reference, 'W/"1"')]


@pytest.mark.parametrize("level", ["", "Claim/"])
def test_pages_tell_each_version_once_even_of_one_instant(wire, clock, level):
    claims = [wire.post("Claim", a_claim()).reference for _ in range(5)]
    clock.forward(seconds=1)
    for claim in claims[:2]:
        wire.task(a_task("cancel", focus=claim))
    whole = versions(wire.get(f"{level}_history?_count=500"))

    pages = walked(wire, f"{level}_history?_count=2")

    assert [each for page in pages for each in versions(page)] == whole
    assert {len(versions(page)) for page in pages[:-1]} == {2}
    assert len(set(whole)) == len(whole) > 6
    if level:
        assert sorted(whole) == sorted(
            [(one, 'W/"1"') for one in claims] + [(one, 'W/"2"') for one in claims[:2]]
        )


def test_the_versions_of_one_resource_come_in_pages_and_in_their_order(wire, clock):
    claim = wire.post("Claim", a_claim()).reference
    # The clock of another server is behind.
    clock.forward(minutes=-5)
    wire.task(a_task("cancel", focus=claim))

    pages = walked(wire, f"{claim}/_history?_count=1")

    assert [versions(page) for page in pages] == [[(claim, 'W/"2"')], [(claim, 'W/"1"')]]


def test_what_is_new_meanwhile_does_not_shift_the_next_page(wire, clock):
    claims = [wire.post("Claim", a_claim()).reference for _ in range(4)]
    first = wire.get("Claim/_history?_count=2")
    clock.forward(seconds=1)
    wire.post("Claim", a_claim())

    rest = walked(wire, link(first, "next"))

    seen = [name for page in (first, *rest) for name, _ in versions(page)]
    assert sorted(seen) == sorted(claims)


def test_a_next_page_asks_as_the_first_one_did(wire, clock):
    early = wire.post("Claim", a_claim()).reference
    clock.forward(minutes=1)
    late = [wire.post("Claim", a_claim()).reference for _ in range(3)]

    pages = walked(wire, "Claim/_history?_count=1&_since=2026-03-02T09:31:00Z")

    seen = [name for page in pages for name, _ in versions(page)]
    assert sorted(seen) == sorted(late)
    assert early not in seen
    assert len(pages) == 3


def test_a_count_of_nothing_tells_only_how_many_there_are(wire, patient):
    reply = wire.get("_history?_count=0")

    assert told(reply) == []
    assert (reply.document["total"], link(reply, "next")) == (3, None)
    assert wire.get(f"{patient}/_history?_count=0").document["total"] == 2
    assert wire.get("Claim/_history?_count=0").document["total"] == 0


def test_a_link_tells_nothing_of_what_is_asked(wire):
    for _ in range(2):
        wire.post("Claim", a_claim())

    path = link(wire.get("_history?_count=1&_since=2026-03-02T09:30:00Z"), "next")

    assert path.startswith("_history?_page=")
    assert "&" not in path
    assert "2026" not in path


def test_the_history_of_a_deleted_resource_has_no_identifiers_left(wire, rows, patient):
    """Deleting takes away what a resource is found by, and its history stays readable."""
    assert rows.of(tables.business_identifier, type="Patient") == []
    document = wire.get(f"{patient}/_history").document["entry"][1]["resource"]
    assert identifiers_of(document) == ()

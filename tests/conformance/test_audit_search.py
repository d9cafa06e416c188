"""Searches among AuditEvents: for the payer alone, the newest first.

http://hl7.org/fhir/R4/auditevent.html#search
"""

import pytest

from app.fhir.validation import check
from app.gateway.administering.new_payer import new_payer
from app.store import tables
from tests.builders import a_claim, a_coverage, a_task
from tests.bundles import a_patient
from tests.wire import Wire

CLIENT = "https://eclaims-gateway.org/fhir/client"
INTERACTIONS = "http://hl7.org/fhir/restful-interaction"
TASK_CODES = "https://eclaims-gateway.org/fhir/CodeSystem/task-code"
MISSING = "0196f3a0-0000-7000-8000-000000000000"


def nothing(_row):
    return False


def is_created(row):
    return row["action"] in {"create", "register"} or row["outcome"] == "added"


@pytest.fixture
def search(core):
    """Finds events; each must be valid, and what is found is told by its number."""

    def search(query):
        reply = core.get(f"AuditEvent?{query}&_count=200")
        assert reply.status == 200, reply.text
        events = [entry["resource"] for entry in reply.document.get("entry", [])]
        assert [problem for event in events for problem in check(event)] == []
        assert check(reply.document) == []
        return [int(event["id"]) for event in events]

    return search


@pytest.fixture
def life(wire, core, other, clock):
    """A Patient with a Claim that is read, cancelled, and asked for by somebody else."""
    patient = wire.post("Patient", a_patient()).reference
    clock.forward(days=1)
    claim = wire.post("Claim", a_claim(patient={"reference": patient})).reference
    wire.get(claim)
    wire.get("Claim?status=active")
    clock.forward(days=1)
    task = wire.task(a_task("cancel", focus=claim)).reference
    other.get(claim)
    core.post("Claim", a_claim())
    core.post("Coverage", a_coverage())
    return {"patient": patient, "claim": claim, "task": task}


@pytest.fixture
def numbers(life, rows):
    """The numbers of the rows that meet a condition, the newest first."""

    def numbers(meets):
        every = [*rows.of(tables.audit)]
        for action in ("read", "search-type"):
            every += rows.of(tables.audit, action=action)
        return sorted((row["seq"] for row in every if meets(row)), reverse=True)

    return numbers


@pytest.mark.parametrize(
    ("query", "meets"),
    [
        ("action=C", is_created),
        ("action=R", lambda row: row["action"] == "read"),
        (
            "subtype=cancel,create",
            lambda row: row["action"] in {"cancel", "create"},
        ),
        (f"subtype={TASK_CODES}|cancel", lambda row: row["action"] == "cancel"),
        (f"subtype={INTERACTIONS}|cancel", nothing),
        (f"subtype={TASK_CODES}|", lambda row: row["action"] == "cancel"),
        ("subtype=|register", lambda row: row["action"] == "register"),
        (
            "subtype:not=load&action:not=C",
            lambda row: row["action"] != "load" and not is_created(row),
        ),
        ("outcome=4", lambda row: row["action"] == "denied" or row["outcome"] == "ECG-NOT-FOUND"),
        ("outcome=0&action=R", lambda row: row["action"] == "read" and row["outcome"] == "shown"),
        ("date=2026-03-03", lambda row: row["at"].day == 3),
        ("date=ge2026-03-03&date=lt2026-03-04", lambda row: row["at"].day == 3),
        ("date=gt2026-03-03", lambda row: row["at"].day == 4),
        ("date=ne2026-03-03", lambda row: row["at"].day != 3),
        ("_lastUpdated=le2026-03-02", lambda row: row["at"].day == 2),
        (
            "entity:missing=true",
            lambda row: not (row["type"] or row["task_id"] or row["request_id"]),
        ),
        ("agent:missing=true", nothing),
        ("_id=1,3", lambda row: row["seq"] in {1, 3}),
        ("_id=01", nothing),
        ("agent=nobody", nothing),
        ("type=110114", nothing),
        ("_tag=any", nothing),
    ],
)
def test_events_are_found_by_what_they_tell(search, numbers, query, meets):
    wanted = numbers(meets)

    assert search(query) == wanted


def test_events_are_found_by_who_did_it(search, numbers, registry):
    client = registry.issued["Happy Valley"].client.id
    wanted = numbers(lambda row: row["actor"] == client)

    assert search(f"agent={client}") == wanted != []
    assert search(f"agent:identifier={CLIENT}|{client}") == wanted
    assert search(f"agent:identifier=elsewhere|{client}") == []


def test_events_are_found_by_what_they_are_about(search, numbers, life):
    claim, task = life["claim"].partition("/")[2], life["task"].partition("/")[2]

    about = numbers(lambda row: row["resource_id"] == claim)
    assert search(f"entity={life['claim']}") == about
    assert len(about) == 4
    assert search(f"entity={claim}") == about
    assert search(f"entity={life['task']}") == numbers(lambda row: row["task_id"] == task)
    assert search(f"entity=Coverage/{claim}") == []


def test_events_are_found_by_whom_their_resource_is_about(search, numbers, life, core):
    claim, patient = (life[name].partition("/")[2] for name in ("claim", "patient"))
    wanted = numbers(lambda row: row["resource_id"] in {claim, patient})

    assert search(f"patient={life['patient']}") == wanted
    assert search(f"entity={life['patient']}") == wanted
    assert search(f"patient=Patient/{MISSING}") == []
    event = core.get(f"AuditEvent/{search('action=R')[0]}").document
    roles = [one.get("role", {}).get("display") for one in event["entity"]]
    assert "Patient" in roles


def test_what_was_nullified_tells_of_no_patient_any_more(search, wire, core, life):
    assert wire.task(a_task("nullify", focus=life["claim"])).output("error") is None
    patient = life["patient"].partition("/")[2]

    [read] = [
        one for one in search(f"entity={life['claim']}") if one in search("action=R&outcome=0")
    ]

    assert patient not in core.get(f"AuditEvent/{read}").text
    assert read not in search(f"patient={life['patient']}")


def test_pages_follow_each_other_and_come_back(core, life):
    pages, path = [], "AuditEvent?_count=3&date=le2026-03-04"
    while path:
        page = core.get(path)
        pages.append([entry["resource"]["id"] for entry in page.document["entry"]])
        links = {link["relation"]: link["url"] for link in page.document["link"]}
        path = links.get("next", "").partition("/fhir/r4/")[2]
        if len(pages) == 3:
            before = core.get(links["previous"].partition("/fhir/r4/")[2])
        assert len(pages) < 20

    shown = [int(id) for page in pages for id in page]
    assert shown == sorted(shown, reverse=True)
    assert len(shown) == len(set(shown))
    assert 1 in shown
    assert [entry["resource"]["id"] for entry in before.document["entry"]] == pages[1]


def test_they_are_counted(core, life, rows):
    found = core.get("AuditEvent?_summary=count&subtype=create").document

    assert found["total"] == len(rows.of(tables.audit, action="create"))
    assert "entry" not in found


def test_nobody_else_finds_one(wire, core, life, http, registry, installation):
    stranger = new_payer(installation, "Another")
    theirs = Wire(http, registry.payer_client("Their system", stranger).token)

    assert wire.get("AuditEvent").status == 405
    found = theirs.get("AuditEvent?_count=200").document
    mine = core.get("AuditEvent?_count=200").document
    assert {one["resource"]["id"] for one in found["entry"]}.isdisjoint(
        {one["resource"]["id"] for one in mine["entry"]}
    )
    assert theirs.get(f"AuditEvent?entity={life['claim']}").document["total"] == 0
    assert core.get(f"AuditEvent?entity={life['claim']}").document["total"] == 4


@pytest.mark.parametrize("name", ["subtype", "agent:identifier", "type", "agent", "entity"])
def test_what_no_event_can_hold_is_found_in_none(core, name):
    reply = core.get(f"AuditEvent?{name}=%00&_total=accurate")

    assert reply.status in {200, 400}, reply.text
    assert reply.document.get("total", 0) == 0
    assert core.get("AuditEvent?_total=accurate").document["total"] > 0


@pytest.mark.parametrize(
    "query", ["entity:Claim.status=active", "date=yesterday", "date:exact=2026", "_text=x"]
)
def test_what_cannot_be_asked_is_refused(core, query):
    assert core.get(f"AuditEvent?{query}").status == 400
    assert core.get("AuditEvent?date=2026").status == 200


@pytest.mark.parametrize("query", ["_sort=date", "_include=AuditEvent:entity", "nothing=here"])
def test_what_is_not_offered_is_passed_over_and_refused_if_strict(core, query):
    passed = core.get(f"AuditEvent?{query}")
    assert passed.status == 200
    assert query not in passed.document["link"][0]["url"]

    assert core.get(f"AuditEvent?{query}", Prefer="handling=strict").status == 400


def test_a_search_of_events_leaves_one_itself(core, rows):
    core.get("AuditEvent?action=C")

    [row] = rows.of(tables.audit, action="search-type")
    assert (row["type"], row["number"] > 0) == ("AuditEvent", True)

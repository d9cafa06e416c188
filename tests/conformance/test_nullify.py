"""What a nullify leaves behind: that something was there, and not a word of what it was.

http://hl7.org/fhir/R4/financial-module.html#nullify
"""

import pytest

from app.domain.lifecycle import State
from app.store import tables
from tests.builders import a_communication, a_delivery, a_task
from tests.conformance.marked import a_marked_communication, free_texts, marked_task
from tests.conformance.nullified import Story
from tests.conformance.standings import related
from tests.rows import texts_of as texts_in


def texts_of(rows):
    """Every value of every column of every row of every table, as text."""
    for table in tables.metadata.sorted_tables:
        for row in rows.of(table):
            yield from ((table.name, text) for text in texts_in(row, rows.store))


def found_in(texts, markers):
    """Which markers are where."""
    return {(where, marker) for where, text in texts for marker in markers if marker in text}


def answers_of(wire, rows):
    """What every route answers about everything that ever was there."""
    for row in rows.of(tables.resource):
        reference = f"{row['type']}/{row['id']}"
        yield reference, wire.get(reference).text
        for version in range(1, row["version"] + 2):
            address = f"{reference}/_history/{version}"
            yield address, wire.get(address).text
        if row["type"] == "Task":
            yield f"Bundle/{row['id']}", wire.get(f"Bundle/{row['id']}").text
        if row["type"] in {"Claim", "Communication", "Task"}:
            for code in ("status", "poll"):
                asked = a_task(code, focus=reference)
                yield f"{code} {reference}", wire.task(asked).text


@pytest.fixture
def story(wire, core, worker):
    return Story(wire, core, worker)


def test_a_marker_is_planted_in_every_field_that_takes_words(story):
    task = marked_task(story.mark, a_task("status", focus=story.claim))

    for document in (story.document, a_marked_communication(story.mark), task):
        told = list(free_texts(document))
        assert len(told) >= 10
        assert [text for text in told if "Zebra" not in text] == []
    assert len(set(story.mark.given)) == len(story.mark.given) > 300


def test_no_row_of_any_table_holds_a_word_of_it(story, rows):
    kept = {marker for _, marker in found_in(texts_of(rows), story.mark.given)}
    # The accepted twin: but for those of the rehearsal, which kept nothing, all are there before.
    assert len(kept) > len(story.mark.given) * 0.8
    assert {story.number["value"]} <= kept

    story.nullify()

    assert found_in(texts_of(rows), story.mark.given) == set()


def test_no_route_answers_with_a_word_of_it(story, wire, rows):
    told = {marker for _, marker in found_in(answers_of(wire, rows), story.mark.given)}
    assert len(told) > len(story.mark.given) * 0.8

    nullified = story.nullify()

    assert found_in([("the answer", nullified.text)], story.mark.given) == set()
    assert found_in(answers_of(wire, rows), story.mark.given) == set()
    again = wire.post("Claim", story.document)
    assert (again.status, again.errors) == (410, ["ECG-NULLIFIED"])
    assert found_in([("410", again.text)], story.mark.given) == set()


def test_the_receipt_counts_what_was_purged(story, wire, rows):
    nullified = story.nullify()

    # The Claim and its two responses with their explanations, the question, three attachments.
    assert nullified.output("receipt").startswith(
        "Purged: Claim 1, ClaimResponse 2, Communication 3, CommunicationRequest 1, "
        "ExplanationOfBenefit 2; "
    )
    stones = rows.of(tables.tombstone)
    assert len(stones) == 9
    assert {stone["task_id"] for stone in stones} == {nullified.document["id"]}
    counted = int(nullified.output("receipt").split("; ")[2].split(" ")[0])
    scrubbed = [row for row in rows.of(tables.task) if row["id"] != nullified.document["id"]]
    # Every Task but the poll for the question, which names nothing.
    assert counted == len(scrubbed) - 1


def test_what_was_purged_is_gone_and_not_unknown(story, wire):
    related_to = related(story.taken)
    purged = [story.claim, story.loose, story.answer, story.posted, story.question, related_to]
    assert {wire.get(one).status for one in purged} == {200}

    story.nullify()

    for one in purged:
        for address in (one, f"{one}/_history/1", f"{one}/_history/2"):
            gone = wire.get(address)
            assert (gone.status, gone.errors) == (410, ["ECG-GONE"]), address
    assert wire.get("Claim/unknown").status == 404


def test_nothing_of_it_is_handed_over_any_more(story, wire, rows):
    bundle = wire.get(story.polled.output("response"))
    assert len(bundle.document["entry"]) == 2

    story.nullify()

    empty = wire.get(story.polled.output("response"))
    assert (empty.status, empty.document.get("entry")) == (200, None)
    assert wire.task(a_task("poll")).outputs == [("remaining", 0)]
    states = {row["state"] for row in rows.of(tables.pended) if row["type"] != "Task"}
    assert states == {"purged"}


def test_a_scrubbed_task_is_known_by_its_number_and_tells_how_it_ended(story, wire, rows):
    [first] = [row for row in rows.of(tables.task, code="status") if row["status"] == "failed"]

    story.nullify()

    task = wire.get(f"Task/{first['id']}").document
    assert sorted(task) == [
        "code",
        "focus",
        "id",
        "identifier",
        "intent",
        "lastModified",
        "meta",
        "output",
        "resourceType",
        "status",
    ]
    assert (task["status"], task["focus"]) == ("failed", {"reference": story.claim})
    assert task["identifier"][0] == {"system": "http://happyvalley.test/task", "value": "T1"}
    [output] = task["output"]
    assert output["valueCodeableConcept"]["coding"][0]["code"] == "ECG-FOCUS-NOT-FOUND"


def test_the_counters_are_as_if_it_had_never_been(story, rows):
    assert rows.of(tables.counter_entry) != []

    story.nullify()

    assert rows.of(tables.counter_entry) == []


def test_the_same_submission_is_refused_and_an_amended_one_is_welcome(story, wire, worker):
    story.nullify()

    for document in (story.document, {**story.document, "id": "other", "meta": {"tag": []}}):
        late = wire.post("Claim", {**document, "meta": {"source": "urn:late"}})
        assert (late.status, late.errors) == (410, ["ECG-NULLIFIED"])
    amended = wire.post("Claim", {**story.document, "created": "2026-03-01"})
    assert (amended.status, amended.reference != story.claim) == (201, True)


def test_the_nullify_again_is_answered_from_what_is_kept(story, wire):
    task = marked_task(
        story.mark, a_task("nullify", focus={"reference": story.claim}, number="T10")
    )
    first = wire.task(task)

    second = wire.task(task)

    assert (first.status, second.status) == (201, 200)
    assert (second.document["id"], second.output("receipt")) == (
        first.document["id"],
        first.output("receipt"),
    )
    assert found_in([("again", second.text)], story.mark.given) == set()


def test_another_claim_and_its_tasks_are_left_alone(story, wire, standings):
    other = standings.claim("queued")
    asked = wire.task(a_task("status", focus=other, description="of the other"))
    attached = wire.task(a_delivery(a_communication(about=[{"reference": other}])))

    story.nullify()

    assert wire.get(other).status == 200
    assert wire.get(asked.reference).document["description"] == "of the other"
    assert wire.get(attached.output("response")).status == 200
    assert standings.state(other) is State.QUEUED


def test_a_strangers_task_of_the_same_number_is_left_alone(story, other):
    theirs = other.task(a_task("status", focus={"identifier": story.number}, description="theirs"))

    story.nullify()

    assert other.get(theirs.reference).document["description"] == "theirs"

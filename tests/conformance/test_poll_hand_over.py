"""How a poll hands over: one resource or a Bundle, in order, once, and the same again if asked.

http://hl7.org/fhir/R4/financial-module.html#poll
"""

import pytest

from app.fhir.validation import check
from app.store import tables
from app.store.tables import Delivery
from tests.builders import NOW, a_claim, a_task, an_eligibility_request, an_input
from tests.conformance.standings import related
from tests.conftest import BASE_URL

OR_MORE = "https://eclaims-gateway.org/fhir/StructureDefinition/or-more"
MEBIBYTE = 1024 * 1024


def poll(wire, *inputs, **options):
    return wire.task(a_task("poll", inputs=inputs, **options))


def count(number):
    return an_input("count", valuePositiveInt=number)


def entries(wire, answered):
    """The references in the Bundle that a poll answered with."""
    bundle = wire.get(answered.output("response")).document
    return [f"{one['resource']['resourceType']}/{one['resource']['id']}" for one in bundle["entry"]]


def ask(wire, number):
    """Pended answers to eligibility requests, oldest first."""
    asked = [
        wire.post("CoverageEligibilityRequest", an_eligibility_request()) for _ in range(number)
    ]
    return [related(one) for one in asked]


def more_rows(rows, number):
    """Put undelivered answers behind those of the one submitter that has one."""
    [row] = rows.of(tables.pended)
    del row["seq"]
    rows.add(tables.pended, *({**row, "resource_id": f"r{index}"} for index in range(number)))


def test_without_count_the_response_is_the_resource(wire):
    [first, _] = ask(wire, 2)

    answered = poll(wire)

    assert answered.outputs == [("response", f"{first}/_history/1"), ("remaining", 1)]
    assert wire.get(answered.output("response")).document["outcome"] == "complete"


@pytest.mark.parametrize(
    ("asked", "handed", "remaining"), [(1, 1, 4), (4, 4, 1), (5, 5, 0), (100, 5, 0)]
)
def test_with_count_the_response_is_a_bundle_of_at_most_so_many(wire, asked, handed, remaining):
    answers = ask(wire, 5)

    answered = poll(wire, count(asked))

    assert answered.output("response") == f"Bundle/{answered.document['id']}"
    assert answered.output("remaining") == remaining
    assert entries(wire, answered) == answers[:handed]
    assert poll(wire, count(100)).output("remaining") == 0


def test_a_hundred_go_at_once_and_not_one_more(wire, rows):
    ask(wire, 1)
    more_rows(rows, 100)

    answered = poll(wire, count(100))

    assert answered.output("remaining") == 1
    delivered = rows.of(tables.pended, state=Delivery.DELIVERED)
    assert [row["resource_id"] for row in delivered[1:]] == [f"r{index}" for index in range(99)]


def test_nothing_there_is_no_bundle(wire):
    assert poll(wire, count(100)).outputs == [("remaining", 0)]


def test_a_bundle_is_valid_and_the_same_whenever_it_is_read(wire, standings, worker):
    standings.claim("payable")
    ask(wire, 1)
    answered = poll(wire, count(100))

    first = wire.get(answered.output("response"))
    poll(wire)
    second = wire.get(answered.output("response"))

    assert (first.status, check(first.document)) == (200, [])
    assert first.document["type"] == "collection"
    assert [one["fullUrl"] for one in first.document["entry"]] == [
        f"{BASE_URL}/{one['resource']['resourceType']}/{one['resource']['id']}"
        for one in first.document["entry"]
    ]
    assert (second.text, second.headers["ETag"]) == (first.text, first.headers["ETag"])
    version = wire.get(f"{answered.output('response')}/_history/1")
    assert version.text == first.text


def test_a_bundle_keeps_the_versions_that_it_handed_over(wire, standings):
    claim = standings.claim("payable")
    answered = poll(wire, count(2))
    before = wire.get(answered.output("response")).text

    wire.task(a_task("cancel", focus=claim))

    assert wire.get(answered.output("response")).text == before
    statuses = {
        one["resource"]["status"] for one in wire.get(answered.output("response")).document["entry"]
    }
    assert statuses == {"active"}


def test_what_is_in_a_bundle_is_what_is_read_by_itself(wire, standings):
    standings.claim("payable")

    answered = poll(wire, count(2))

    text = wire.get(answered.output("response")).text
    for reference in entries(wire, answered):
        assert wire.get(reference).text in text


@pytest.mark.parametrize(
    ("sizes", "handed"),
    [
        ([4 * MEBIBYTE, 4 * MEBIBYTE, 1], 2),
        ([4 * MEBIBYTE, 4 * MEBIBYTE + 1, 1], 1),
        ([9 * MEBIBYTE, 1, 1], 1),
        ([1, 9 * MEBIBYTE, 1], 1),
        ([2 * MEBIBYTE] * 3, 3),
    ],
    ids=["just-full", "one-byte-over", "first-too-large", "second-too-large", "small"],
)
def test_what_does_not_fit_into_eight_mebibytes_stays_queued(wire, rows, sizes, handed):
    answers = ask(wire, 3)
    for reference, size in zip(answers, sizes, strict=True):
        rows.change(tables.pended, {"resource_id": reference.partition("/")[2]}, size=size)

    answered = poll(wire, count(100))

    assert entries(wire, answered) == answers[:handed]
    assert answered.output("remaining") == 3 - handed
    if handed < 3:
        assert entries(wire, poll(wire, count(100)))[0] == answers[handed]


@pytest.mark.parametrize(
    ("waiting", "remaining", "is_more"),
    [(999, 999, False), (1000, 1000, False), (1001, 1000, True)],
)
def test_remaining_is_exact_to_a_thousand_and_then_or_more(wire, rows, waiting, remaining, is_more):
    ask(wire, 1)
    more_rows(rows, waiting)

    answered = poll(wire)

    [told] = [one for one in answered.document["output"] if "valueInteger" in one]
    assert told["valueInteger"] == remaining
    extension = [{"url": OR_MORE, "valueBoolean": True}]
    assert told.get("extension", []) == (extension if is_more else [])
    assert check(answered.document) == []


def test_remaining_counts_what_the_filters_match(wire, rows):
    ask(wire, 3)
    excluded = an_input("exclude", valueCode="CoverageEligibilityResponse")

    assert poll(wire, excluded).outputs == [("remaining", 0)]
    assert poll(wire).output("remaining") == 2


def test_what_one_submitter_was_handed_is_missing_for_another(wire, other, standings):
    standings.claim("payable")
    answered = poll(wire, count(1))
    resource = entries(wire, answered)[0]
    own = [answered.output("response"), answered.reference, resource, f"{resource}/_history/2"]

    nowhere = other.get("Bundle/none")
    assert (nowhere.status, nowhere.errors) == (404, ["ECG-NOT-FOUND"])
    for reference in own:
        foreign = other.get(reference)
        assert (foreign.status, foreign.document) == (404, nowhere.document)
        assert wire.get(reference).status == 200


def test_each_submitter_has_a_queue_of_its_own(wire, other):
    [mine], [theirs] = ask(wire, 1), ask(other, 1)

    assert poll(other).outputs == [("response", f"{theirs}/_history/1"), ("remaining", 0)]
    assert poll(wire).outputs == [("response", f"{mine}/_history/1"), ("remaining", 0)]
    assert poll(wire, focus=theirs.replace("Response", "Request")).document["status"] == "failed"


def test_the_claim_of_another_is_no_focus(wire, other, standings):
    claim = standings.claim("payable")

    foreign, missing = poll(other, focus=claim), poll(other, focus="Claim/none")

    assert foreign.outputs == missing.outputs == [("error", "ECG-FOCUS-NOT-FOUND")]
    assert foreign.document["statusReason"] == missing.document["statusReason"]
    assert poll(wire, focus=claim).document["status"] == "completed"


def test_an_answer_is_read_before_it_is_polled_and_stays_in_the_queue(wire):
    [answer] = ask(wire, 1)

    assert wire.get(answer).status == 200
    assert poll(wire).output("response") == f"{answer}/_history/1"


@pytest.mark.parametrize("number", [None, 5], ids=["single", "bundle"])
def test_the_same_poll_again_gets_the_same_and_moves_nothing(wire, rows, number):
    answers = ask(wire, 8)
    inputs = [count(number)] if number else []
    asked = a_task("poll", inputs=inputs, number="P1")
    first = wire.task(asked)
    before, queue = rows.counts(), rows.of(tables.pended)

    again = wire.task(asked)

    assert (first.status, again.status) == (201, 200)
    assert again.text == first.text
    assert (rows.counts(), rows.of(tables.pended)) == (before, queue)
    following = poll(wire, number="P2")
    assert following.output("response") == f"{answers[number or 1]}/_history/1"


def test_a_poll_without_an_identifier_gets_the_next(wire):
    answers = ask(wire, 3)
    asked = a_task("poll")

    polls = [wire.task(asked) for _ in range(3)]

    assert [one.status for one in polls] == [201] * 3
    assert [one.output("response") for one in polls] == [f"{one}/_history/1" for one in answers]


def test_an_empty_poll_is_not_remembered(wire):
    asked = a_task("poll", number="P1")
    assert wire.task(asked).outputs == [("remaining", 0)]
    [answer] = ask(wire, 1)

    assert wire.task(asked).output("response") == f"{answer}/_history/1"


def test_a_poll_is_remembered_for_a_day(wire, clock):
    first, second = ask(wire, 2)
    asked = a_task("poll", number="P1")
    wire.task(asked)

    clock.forward(hours=23, minutes=59)
    assert wire.task(asked).output("response") == f"{first}/_history/1"
    clock.forward(minutes=2)
    assert wire.task(asked).output("response") == f"{second}/_history/1"


def test_a_header_that_comes_later_is_remembered_no_longer(wire, clock):
    first, second = ask(wire, 2)
    asked = a_task("poll", number="P1")
    wire.task(asked)
    again = wire.task(asked, Idempotency_Key="K1")
    assert again.output("response") == f"{first}/_history/1"

    clock.forward(hours=25)
    assert wire.task(asked, Idempotency_Key="K1").output("response") == f"{second}/_history/1"


def test_an_answer_that_came_at_once_with_submit_is_not_queued_again(wire, rows):
    invalid = a_claim(total={"value": 1, "currency": "EUR"})

    handed = wire.post("Claim/$submit", invalid)
    pended = wire.post("Claim", {**invalid, "identifier": a_claim()["identifier"]})

    assert handed.document["outcome"] == "error"
    assert poll(wire, count(100)).output("remaining") == 0
    states = {row["resource_id"]: row["state"] for row in rows.of(tables.pended)}
    assert states == {
        handed.document["id"]: Delivery.DELIVERED,
        related(pended).partition("/")[2]: Delivery.DELIVERED,
    }
    delivered = rows.of(tables.handed_over)
    assert [row["resource_id"] for row in delivered] == [related(pended).partition("/")[2]]
    assert {row["delivered_at"] for row in rows.of(tables.pended)} == {NOW}

"""Acknowledging: by input `ack` and by Task/{id}/$acknowledge, in time and late, and not by others.

The operation is the protocol's own: docs/task-codes/poll.md.
"""

from dataclasses import dataclass

import pytest
from sqlalchemy import event

from app.domain import leases
from app.domain.codes import HandOver
from app.fhir.validation import check
from app.gateway.administering.requeue import requeue_parked
from app.store import tables
from app.store.tables import Delivery
from tests.builders import NOW, TASK_SYSTEM, a_claim, a_task, an_input, identifier
from tests.conformance.lending import COUNT, Lending, ack
from tests.conftest import BASE_URL
from tests.wire import Reply, Wire


@pytest.fixture
def wire(http, registry):
    """The submitter "Happy Valley", which acknowledges."""
    return Wire(http, registry.submitter(hand_over=HandOver.ACKNOWLEDGED).token)


@pytest.fixture
def lending(wire, clock, standings, rows):
    return Lending(wire, clock, standings, rows)


@pytest.fixture
def twin(http, registry, lending):
    """Another submitter that acknowledges."""
    wire = Wire(http, registry.submitter("Twin", hand_over=HandOver.ACKNOWLEDGED).token)
    return Lending(wire, lending.clock, lending.standings, lending.rows)


def states(rows):
    return [row["state"] for row in rows.of(tables.pended)]


def named(*references):
    return [ack(one) for one in references]


# --- refused


def test_every_unknown_acknowledgement_is_told_and_none_counts(lending, wire, rows):
    answer = lending.eligibility()
    polled = lending.poll()
    lending.eligibility()
    queue = rows.of(tables.pended)
    unknown = [
        "Task/none",
        f"Bundle/{answer.partition('/')[2]}",
        "CoverageEligibilityResponse/none",
        f"{answer}/_history/2",
        f"ClaimResponse/{answer.partition('/')[2]}",
        f"http://elsewhere.test/fhir/r4/{answer}",
        {"identifier": identifier("http://payer.test/responses", "R1")},
    ]
    inputs = [ack(polled.reference), *named(*unknown), ack(answer)]

    failed = wire.task(a_task("poll", inputs=inputs))

    assert failed.document["status"] == "failed"
    assert failed.outputs == [("error", "ECG-ACK-NOT-FOUND")] * len(unknown)
    told = [one["valueCodeableConcept"]["extension"][0] for one in failed.document["output"]]
    expressions = [f"Task.input[{number}]" for number in range(1, len(unknown) + 1)]
    assert [one["valueString"] for one in told] == expressions
    assert rows.of(tables.pended) == queue
    lending.poll(inputs[0], inputs[-1])
    assert states(rows) == [Delivery.DELIVERED, Delivery.LEASED]


def test_what_was_never_handed_over_is_unknown(lending, wire):
    answer = lending.eligibility()

    failed = wire.task(a_task("poll", inputs=named(answer)))

    assert failed.outputs == [("error", "ECG-ACK-NOT-FOUND")]
    lending.poll()
    assert lending.poll(ack(answer)).document["status"] == "completed"


def test_a_task_that_is_no_poll_acknowledges_nothing(lending, wire):
    claim, _ = lending.claim()
    status = wire.task(a_task("status", focus=claim))
    polled = lending.poll()

    failed = wire.task(a_task("poll", inputs=named(status.reference)))

    assert failed.outputs == [("error", "ECG-ACK-NOT-FOUND")]
    assert wire.ask("POST", f"{status.reference}/$acknowledge").status == 404
    assert lending.acknowledge(polled).status == 200


def test_of_several_polls_under_one_identifier_none_is_guessed(lending, wire, rows):
    for count in (1, 2):
        lending.eligibility()
        lending.poll(an_input("count", valuePositiveInt=count), number="P1")
    lending.eligibility()
    lending.poll(number="P2")
    by_number = {
        number: ack({"type": "Task", "identifier": identifier(TASK_SYSTEM, number)})
        for number in ("P1", "P2")
    }

    failed = wire.task(a_task("poll", inputs=[by_number["P2"], by_number["P1"]]))

    assert failed.document["status"] == "failed"
    assert failed.outputs == [("error", "ECG-FOCUS-MULTIPLE-MATCHES")]
    assert states(rows) == [Delivery.LEASED] * 3
    lending.poll(by_number["P2"])
    assert states(rows) == [Delivery.LEASED] * 2 + [Delivery.DELIVERED]


def test_what_is_somebody_elses_looks_unknown(lending, twin, rows):
    answer = lending.eligibility()
    polled = lending.poll()
    twin.eligibility()
    foreign = [answer, polled.reference, f"Bundle/{polled.document['id']}"]

    for reference in foreign:
        failed = twin.wire.task(a_task("poll", inputs=named(reference)))
        nowhere = twin.wire.task(a_task("poll", inputs=named("Task/none")))
        assert failed.document["output"] == nowhere.document["output"]
        assert failed.document["status"] == "failed"
    refused, missing = (
        twin.wire.ask("POST", f"{one}/$acknowledge") for one in (polled.reference, "Task/none")
    )
    assert (refused.status, refused.document) == (404, missing.document)
    assert states(rows) == [Delivery.LEASED, Delivery.UNDELIVERED]
    assert lending.acknowledge(polled).status == 200


@pytest.mark.parametrize("id", ["none", "a" * 65, "%00", "%22", "1/2"], ids=repr)
def test_an_id_that_is_not_there_is_missing(wire, id):
    missing = wire.ask("POST", f"Task/{id}/$acknowledge")

    assert (missing.status, missing.errors) == (404, ["ECG-NOT-FOUND"])
    assert check(missing.document) == []


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_only_post_acknowledges(lending, wire, rows, method):
    lending.eligibility()
    polled = lending.poll()

    refused = wire.ask(method, f"{polled.reference}/$acknowledge")

    assert (refused.status, refused.headers["Allow"]) == (405, "POST")
    assert states(rows) == [Delivery.LEASED]


def test_only_a_submitter_acknowledges(lending, core, http, rows):
    lending.eligibility()
    polled = lending.poll()

    refused = core.ask("POST", f"{polled.reference}/$acknowledge")
    unknown = Wire(http, None).ask("POST", f"{polled.reference}/$acknowledge")

    assert (refused.status, refused.errors) == (403, ["ECG-FORBIDDEN"])
    assert (unknown.status, unknown.errors) == (401, ["ECG-LOGIN"])
    (denied,) = rows.of(tables.audit, action="denied")
    assert (denied["type"], denied["outcome"]) == ("Task", "ECG-FORBIDDEN")
    assert states(rows) == [Delivery.LEASED]


BODIES = {
    "not-json": (b"<Parameters/>", {}, 400, "ECG-NOT-JSON"),
    "another-resource": (b'{"resourceType": "Basic"}', {}, 400, "ECG-RESOURCE-TYPE"),
    "a-parameter": (
        b'{"resourceType": "Parameters", "parameter": [{"name": "x", "valueCode": "y"}]}',
        {},
        400,
        "ECG-PARAMETER",
    ),
    "another-media-type": (b"x", {"Content_Type": "text/plain"}, 415, "ECG-MEDIA-TYPE"),
    "rehearsed": (b"", {"Prefer": "dry-run"}, 400, "ECG-PARAMETER"),
}


@pytest.mark.parametrize(("body", "headers", "status", "error"), BODIES.values(), ids=BODIES)
def test_a_body_that_means_something_else_is_refused(
    lending, wire, rows, body, headers, status, error
):
    lending.eligibility()
    polled = lending.poll()

    refused = wire.ask("POST", f"{polled.reference}/$acknowledge", body, **headers)

    assert (refused.status, refused.errors) == (status, [error])
    assert states(rows) == [Delivery.LEASED]


# --- done


@pytest.mark.parametrize("body", [b"", b'{"resourceType": "Parameters"}'], ids=["empty", "bare"])
def test_the_operation_delivers_what_the_poll_handed_over_and_tells_how_much(
    lending, wire, rows, body
):
    for _ in range(3):
        lending.eligibility()
    polled = lending.poll(an_input("count", valuePositiveInt=2))

    done = wire.ask("POST", f"{polled.reference}/$acknowledge", body)

    assert (done.status, check(done.document)) == (200, [])
    (issue,) = done.document["issue"]
    assert (issue["severity"], issue["code"]) == ("information", "informational")
    told = "Answers of this poll that are acknowledged: 2, by this request: 2."
    assert issue["details"]["text"] == told
    assert states(rows) == [Delivery.DELIVERED] * 2 + [Delivery.UNDELIVERED]
    delivered = {row["delivered_at"] for row in rows.of(tables.pended, state=Delivery.DELIVERED)}
    assert delivered == {NOW}


def test_the_operation_leaves_its_trace(lending, rows):
    lending.eligibility()
    polled = lending.poll()

    done = lending.acknowledge(polled)

    (row,) = rows.of(tables.audit, action="acknowledge")
    trace = (row["outcome"], row["type"], row["resource_id"], row["request_id"])
    id = polled.document["id"]
    assert trace == ("completed", "Task", id, done.headers["X-Request-Id"])
    assert row["task_id"] == id


@dataclass(frozen=True)
class Handed:
    """A poll, and the one answer that it handed over."""

    polled: Reply
    answer: str

    @property
    def id(self):
        return self.polled.document["id"]

    def identifiers(self):
        ours = "https://eclaims-gateway.org/fhir/coverageeligibilityresponse"
        sent, given = self.polled.document["identifier"]
        return sent, given, identifier(ours, self.answer.partition("/")[2])


BY = {
    "the-poll": lambda handed: handed.polled.reference,
    "the-polls-version": lambda handed: f"{handed.polled.reference}/_history/1",
    "its-bundle": lambda handed: f"Bundle/{handed.id}",
    "its-bundles-version": lambda handed: f"Bundle/{handed.id}/_history/1",
    "the-answer": lambda handed: handed.answer,
    "the-answers-version": lambda handed: f"{handed.answer}/_history/1",
    "an-absolute-address": lambda handed: f"{BASE_URL}/{handed.answer}",
    "the-senders-identifier-of-the-poll": lambda handed: {"identifier": handed.identifiers()[0]},
    "our-identifier-of-the-poll": lambda handed: {"identifier": handed.identifiers()[1]},
    "our-identifier-of-the-answer": lambda handed: {"identifier": handed.identifiers()[2]},
}


@pytest.mark.parametrize("by", BY.values(), ids=BY)
def test_what_is_acknowledged_does_not_come_back(lending, rows, by):
    answer = lending.eligibility()
    handed = Handed(lending.poll(number="P1"), answer)

    assert lending.poll(ack(by(handed))).outputs == [("remaining", 0)]

    assert states(rows) == [Delivery.DELIVERED]
    lending.clock.forward(days=1)
    assert lending.poll().outputs == [("remaining", 0)]


def test_an_answer_is_acknowledged_alone_and_its_poll_as_a_whole(lending, rows):
    answers = [lending.eligibility() for _ in range(3)]
    polled = lending.poll(COUNT)

    lending.poll(ack(answers[1]))
    assert states(rows) == [Delivery.LEASED, Delivery.DELIVERED, Delivery.LEASED]

    lending.poll(ack(polled.reference))
    assert states(rows) == [Delivery.DELIVERED] * 3


def test_a_version_that_came_later_is_not_acknowledged_with_the_earlier(lending, wire, rows):
    _, answers = lending.claim()
    first = lending.poll(COUNT)
    row = rows.of(tables.pended)[0]
    del row["seq"]
    rows.add(tables.pended, {**row, "version": 3, "state": Delivery.UNDELIVERED, "deliveries": 0})

    lending.poll(ack(answers[0]))

    later = {(row["version"], row["state"]) for row in rows.of(tables.pended)[::2]}
    assert later == {(2, Delivery.DELIVERED), (3, Delivery.UNDELIVERED)}
    assert lending.acknowledge(first).status == 200


def test_an_acknowledgement_is_worked_off_before_anything_is_handed_over(lending):
    _, answers = lending.claim()

    polls = [lending.poll()]
    polls.append(lending.poll(ack(polls[0].reference)))

    assert [lending.handed(one) for one in polls] == [[(one, 1)] for one in answers]


def test_several_polls_are_acknowledged_at_once(lending, rows):
    polls = []
    for _ in range(3):
        lending.eligibility()
        polls.append(lending.poll())

    lending.poll(*named(*(one.reference for one in polls)))

    assert states(rows) == [Delivery.DELIVERED] * 3


# --- late


@pytest.mark.parametrize("by", ["ack", "operation"])
@pytest.mark.parametrize("when", ["lapsed", "parked", "put-back", "lent-again"])
def test_a_late_acknowledgement_counts(lending, installation, rows, payer_scope, by, when):
    answer = lending.eligibility()
    if when == "lapsed":
        polled = lending.poll()
        lending.lapse()
    elif when == "lent-again":
        polled = lending.poll()
        lending.lapse()
        assert lending.handed(lending.poll()) == [(answer, 2)]
    else:
        polled = lending.park([answer])[2]
        assert lending.poll().outputs == [("remaining", 0)]
        assert states(rows) == [Delivery.PARKED]
    if when == "put-back":
        assert len(requeue_parked(installation, payer_scope)) == 1
        assert states(rows) == [Delivery.UNDELIVERED]

    if by == "ack":
        assert lending.poll(ack(polled.reference)).outputs == [("remaining", 0)]
    else:
        assert lending.acknowledge(polled).status == 200

    assert states(rows) == [Delivery.DELIVERED]
    lending.clock.forward(days=1)
    assert lending.poll().outputs == [("remaining", 0)]


def test_what_was_put_back_is_told_with_its_true_number(lending, installation, payer_scope):
    answer = lending.eligibility()
    lending.park([answer])
    requeue_parked(installation, payer_scope)

    for before in range(leases.MOST):
        assert lending.handed(lending.poll()) == [(answer, leases.MOST + before + 1)]
        lending.lapse(before)
    assert lending.poll().outputs == [("remaining", 0)]


def test_what_was_purged_since_is_no_unknown_acknowledgement(lending, wire, rows):
    answer, other = lending.eligibility(), lending.eligibility()
    lending.bundle()
    id = answer.partition("/")[2]
    rows.change(tables.resource, {"id": id}, gone_at=NOW)
    lending.rows.store.write(
        lambda connection: connection.execute(
            tables.pended.delete().where(tables.pended.c.resource_id == id)
        )
    )

    lending.poll(*named(answer, other))

    assert states(rows) == [Delivery.DELIVERED]


# --- twice


def test_the_operation_twice_has_the_effect_of_once(lending, rows):
    lending.eligibility()
    polled = lending.poll()
    lending.acknowledge(polled)
    queue = rows.of(tables.pended)
    lending.clock.forward(minutes=1)

    again = lending.acknowledge(polled)

    told = "Answers of this poll that are acknowledged: 1, by this request: 0."
    assert (again.status, again.document["issue"][0]["details"]["text"]) == (200, told)
    assert rows.of(tables.pended) == queue


def test_acknowledged_twice_is_acknowledged_once(lending, rows):
    answer = lending.eligibility()
    polled = lending.poll()
    lending.poll(*named(polled.reference, answer, answer, polled.reference))
    queue = rows.of(tables.pended)
    lending.clock.forward(minutes=1)

    lending.poll(*named(polled.reference, answer))

    assert rows.of(tables.pended) == queue


def test_where_delivery_is_on_hand_over_an_acknowledgement_has_no_effect(http, registry, rows):
    wire = Wire(http, registry.submitter("Plain").token)
    invalid = a_claim(total={"value": 1, "currency": "EUR"})
    wire.post("Claim", invalid)
    polled = wire.task(a_task("poll"))
    queue = rows.of(tables.pended)

    done = wire.ask("POST", f"{polled.reference}/$acknowledge")

    told = "Answers of this poll that are acknowledged: 1, by this request: 0."
    assert (done.status, done.document["issue"][0]["details"]["text"]) == (200, told)
    wire.task(a_task("poll", inputs=named(polled.reference)))
    assert rows.of(tables.pended) == queue
    unknown = wire.task(a_task("poll", inputs=named("Task/none")))
    assert unknown.outputs == [("error", "ECG-ACK-NOT-FOUND")]


# --- what it costs


def test_a_poll_asks_as_much_of_the_store_for_one_answer_as_for_many(lending, installation):
    statements = []
    engine = installation.store.engine

    def count(*arguments):
        statements.append(arguments[2])

    def cost(polled):
        """How many statements a poll takes that acknowledges another and hands over anew."""
        statements.clear()
        handed = lending.poll(ack(polled.reference), COUNT)
        return len(statements), handed

    for _ in range(2):
        lending.eligibility()
    _, first = cost(lending.poll())
    event.listen(engine, "before_cursor_execute", count)
    for _ in range(5):
        lending.claim()
    # The first of its kind takes more.
    cost(first)
    for _ in range(5):
        lending.claim()
    few, many = cost(first)[0], []
    for number in (1, 12):
        for _ in range(number):
            lending.eligibility()
        many.append(cost(first)[0])
    event.remove(engine, "before_cursor_execute", count)

    assert few > 5
    assert many == [few, few]

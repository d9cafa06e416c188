"""The same thing sent sixteen times at once: one effect, and the same answer for everybody."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from app.store import tables
from app.store.tables import Delivery
from tests.builders import CLAIM_SYSTEM, a_claim, a_coverage, a_task, an_eligibility_request
from tests.reliability.crowd import together
from tests.reliability.middle import in_the_middle
from tests.reliability.retries import asked_until_answered
from tests.wire import Reply, Wire

SENDERS = 16

keys = pytest.mark.parametrize(
    "keys", [8, pytest.param(1_000, marks=pytest.mark.soak)], ids="{} keys".format
)


def _sent_at_once(app, wire: Wire, path: str, documents: Sequence[Any], **headers) -> list[Reply]:
    """Each document by a client of its own, all at the same moment."""
    clients = [replace(wire, http=app.test_client()) for _ in documents]
    answers = together(
        [
            partial(asked_until_answered, client, path, document, **headers)
            for client, document in zip(clients, documents, strict=True)
        ]
    )
    return [reply for reply, _ in answers]


def _statuses(replies: Sequence[Reply]) -> dict[int, int]:
    return dict(Counter(reply.status for reply in replies))


def _stored(replies: Sequence[Reply]) -> set[tuple[str, str, str]]:
    """The resource, its version and the answer to come, as told to those who were not refused."""
    return {
        (reply.reference, reply.headers["ETag"], reply.headers.get("Link", ""))
        for reply in replies
        if reply.status in {200, 201}
    }


@keys
def test_of_different_claims_under_one_identifier_one_is_taken(app, wire, rows, keys):
    for key in range(keys):
        others = [a_claim(number=f"K{key}", prices=[f"{10 + n}.00"]) for n in range(SENDERS)]
        replies = _sent_at_once(app, wire, "Claim", others)

        assert _statuses(replies) == {201: 1, 409: SENDERS - 1}
        refused = [reply for reply in replies if reply.status == 409]
        assert {tuple(reply.errors) for reply in refused} == {("ECG-DUPLICATE",)}
    assert len(rows.of(tables.submission)) == len(rows.of(tables.job)) == keys


@keys
def test_the_same_claim_is_taken_once_and_answered_alike(app, wire, rows, keys):
    for key in range(keys):
        replies = _sent_at_once(app, wire, "Claim", [a_claim(number=f"K{key}")] * SENDERS)

        assert _statuses(replies) == {201: 1, 200: SENDERS - 1}
        assert len(_stored(replies)) == 1
    assert len(rows.of(tables.submission)) == len(rows.of(tables.job)) == keys
    assert len(rows.of(tables.audit, type="Claim", action="create")) == keys


@keys
def test_one_idempotency_key_takes_one_of_different_claims(app, wire, rows, keys):
    for key in range(keys):
        others = [a_claim(prices=[f"{10 + n}.00"]) for n in range(SENDERS)]
        replies = _sent_at_once(app, wire, "Claim", others, Idempotency_Key=f"K{key}")

        assert _statuses(replies) == {201: 1, 422: SENDERS - 1}
    assert len(rows.of(tables.submission)) == keys


@keys
def test_one_idempotency_key_takes_the_same_request_once(app, wire, rows, keys):
    for key in range(keys):
        same = an_eligibility_request(identifier=None)
        path = "CoverageEligibilityRequest"
        replies = _sent_at_once(app, wire, path, [same] * SENDERS, Idempotency_Key=f"K{key}")

        assert _statuses(replies) == {201: 1, 200: SENDERS - 1}
        assert len(_stored(replies)) == 1
    assert len(rows.of(tables.submission)) == keys


@keys
def test_if_none_exist_takes_the_first_and_answers_the_others_with_it(app, wire, rows, keys):
    for key in range(keys):
        claim = a_claim(number=f"K{key}")
        others = [{**claim, "created": f"2026-02-{day:02}"} for day in range(1, SENDERS + 1)]
        condition = f"identifier={CLAIM_SYSTEM}|K{key}"
        replies = _sent_at_once(app, wire, "Claim", others, If_None_Exist=condition)

        assert _statuses(replies) == {201: 1, 200: SENDERS - 1}
        assert len(_stored(replies)) == 1
    assert len(rows.of(tables.submission)) == keys


def test_senders_with_and_without_a_condition_share_one_claim(app, wire, rows):
    claim = a_claim(number="K")
    plain = [replace(wire, http=app.test_client()) for _ in range(SENDERS)]
    headers = [
        {"If_None_Exist": f"identifier={CLAIM_SYSTEM}|K"} if n % 2 else {"Idempotency_Key": "K"}
        for n in range(SENDERS)
    ]

    replies = together(
        [
            partial(client.post, "Claim", claim, **header)
            for client, header in zip(plain, headers, strict=True)
        ]
    )

    assert _statuses(replies) == {201: 1, 200: SENDERS - 1}
    assert len(_stored(replies)) == len(rows.of(tables.submission)) == 1


@keys
def test_the_same_cancel_has_one_effect(app, wire, core, worker, rows, keys):
    assert core.post("Coverage", a_coverage()).status == 201
    for key in range(keys):
        claim = wire.post("Claim", a_claim()).reference
        worker.drain()
        cancel = a_task("cancel", number=f"K{key}", focus=claim)
        replies = _sent_at_once(app, wire, "Task", [cancel] * SENDERS)

        assert _statuses(replies) == {201: 1, 200: SENDERS - 1}
        assert len({reply.text for reply in replies}) == 1
        assert wire.get(claim).document["status"] == "cancelled"
        reversals = rows.of(
            tables.pended, submission_id=claim.partition("/")[2], state=Delivery.UNDELIVERED
        )
        assert len(reversals) == 1
    assert len(rows.of(tables.task)) == keys


def test_of_different_cancels_of_one_claim_one_is_completed(app, wire, rows):
    claim = wire.post("Claim", a_claim()).reference
    cancels = [a_task("cancel", number=f"K{n}", focus=claim) for n in range(SENDERS)]

    replies = _sent_at_once(app, wire, "Task", cancels)

    told = Counter((each.status, each.document["status"], each.output("error")) for each in replies)
    assert told == {
        (201, "completed", None): 1,
        (201, "rejected", "ECG-CANCEL-ALREADY-CANCELLED"): SENDERS - 1,
    }
    assert len(rows.of(tables.task)) == SENDERS


@keys
def test_a_claim_is_sent_anew_while_its_identifier_is_being_freed(app, wire, rows, keys):
    for key in range(keys):
        held = wire.post("Claim", a_claim(number=f"K{key}", prices=["9.00"])).reference
        sent = [a_claim(number=f"K{key}", prices=[f"{10 + n}.00"]) for n in range(SENDERS)]
        cancel = partial(replace(wire, http=app.test_client()).task, a_task("cancel", focus=held))
        anew = [
            partial(replace(wire, http=app.test_client()).post, "Claim", document)
            for document in sent
        ]

        cancelled, *replies = together([cancel, *anew])

        assert cancelled.document["status"] == "completed"
        statuses = _statuses(replies)
        assert statuses in ({409: SENDERS}, {201: 1, 409: SENDERS - 1})
        if 201 not in statuses:
            assert wire.post("Claim", sent[0]).status == 201
    assert len(rows.of(tables.live_identifier)) == keys


# On SQLite a writer is alone with the file from its first statement on.
@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_an_identifier_that_is_freed_in_the_middle_of_a_look_is_taken(app, wire, store):
    held = wire.post("Claim", a_claim(number="K", prices=["9.00"])).reference
    cancel = partial(replace(wire, http=app.test_client()).task, a_task("cancel", focus=held))

    # It saw the identifier taken, and did not yet ask by whom.
    with in_the_middle(store, "INSERT INTO live_identifier", cancel) as cancelled:
        taken = wire.post("Claim", a_claim(number="K"))

    assert [reply.document["status"] for reply in cancelled] == ["completed"]
    assert (taken.status, taken.errors) == (201, [])


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
@pytest.mark.parametrize(("price", "status"), [("9.00", 200), ("10.00", 422)])
def test_an_idempotency_key_that_is_taken_in_the_middle_of_a_look_keeps_its_content(
    app, wire, store, rows, price, status
):
    other = replace(wire, http=app.test_client())
    first = a_claim(number="K", prices=["9.00"])
    send = partial(other.post, "Claim", first, Idempotency_Key="K")

    # It saw the key free, and did not yet take it.
    with in_the_middle(store, "FROM replay_key", send) as taken:
        late = wire.post("Claim", a_claim(number="K", prices=[price]), Idempotency_Key="K")

    assert [reply.status for reply in taken] == [201]
    assert late.status == status
    assert len(rows.of(tables.submission)) == 1

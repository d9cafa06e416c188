"""A COMMIT without an answer: never a 500, never an effect twice, and a retry converges."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from random import Random

import psycopg
import pytest

from app import create_app, create_worker
from app.store import tables
from app.store.database.engine import Store
from app.store.tables import Delivery
from tests.builders import a_claim, a_coverage, a_task
from tests.bundles import a_patient, posted, statuses, transaction
from tests.conformance.accounts import Billing, billed
from tests.reliability.crowd import together
from tests.reliability.retries import asked_until_answered
from tests.reliability.wiretap import Loss, Wiretap, socket_of, through
from tests.wire import Wire

# The look for a token takes no transaction: the first COMMIT of a request is that of its effect.
EFFECT = 1
SENDERS = 4

losses = pytest.mark.parametrize("loss", list(Loss))
rounds = pytest.mark.parametrize(
    "rounds", [20, pytest.param(500, marks=pytest.mark.soak)], ids="{} rounds".format
)


# A database of each test's own: no other test is to meet what these do to it.
pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def backend() -> str:
    """PostgreSQL alone: SQLite has no line that could be lost."""
    return "postgresql"


@pytest.fixture
def wiretap(database: str) -> Iterator[Wiretap]:
    """The way to the database that can be cut."""
    with Wiretap(socket_of(database)) as listening:
        yield listening


@pytest.fixture
def far(installation, registry, wiretap, database) -> Iterator[Wire]:
    """The submitter over HTTP, on an installation that reaches its database by the wiretap."""
    token = registry.submitter().token
    store = Store(through(wiretap, database))
    distant = replace(installation, store=store)
    app = create_app(distant)
    yield Wire(app.test_client(), token)
    store.close()


@losses
def test_a_claim_whose_commit_got_no_answer_is_there_once(far, rows, wiretap, loss):
    far.post("Claim", a_claim())
    claim = a_claim()

    wiretap.cut_at(EFFECT, loss)
    reply, statuses = asked_until_answered(far, "Claim", claim)
    again = far.post("Claim", claim)

    assert wiretap.cuts == 1
    # Where the effect is there, a fresh connection finds it, and the client need not ask again.
    found_at_once = loss is Loss.ANSWER
    assert statuses == ({200: 1} if found_at_once else {503: 1, 201: 1})
    assert (again.status, again.text) == (200, reply.text)
    assert len(rows.of(tables.submission)) == len(rows.of(tables.job)) == 2


@losses
def test_a_transaction_whose_commit_got_no_answer_is_looked_for(far, rows, wiretap, loss):
    entries = [posted(a_patient("1")), posted(a_claim())]
    far.get("Patient")

    wiretap.cut_at(EFFECT, loss)
    reply = transaction(far, *entries)

    assert wiretap.cuts == 1
    is_done = loss is Loss.ANSWER
    assert reply.status == (200 if is_done else 503)
    assert (statuses(reply) if is_done else reply.errors) == (
        ["201", "201"] if is_done else ["ECG-UNKNOWN-COMMIT"]
    )
    assert len(rows.of(tables.resource, type="Patient")) == is_done


@pytest.mark.parametrize(
    ("headers", "is_promised"), [({}, False), ({"Idempotency_Key": "K"}, True)]
)
def test_that_a_patient_is_made_once_is_promised_with_a_key_alone(
    far, rows, wiretap, headers, is_promised
):
    far.get("Patient")

    wiretap.cut_at(EFFECT, Loss.COMMIT)
    reply = far.post("Patient", a_patient("1"), **headers)

    assert (reply.status, reply.errors) == (503, ["ECG-UNKNOWN-COMMIT"])
    assert ("it is done once" in reply.text) == is_promised
    assert [far.post("Patient", a_patient("1"), **headers).status for _ in range(2)] == (
        [201, 200] if is_promised else [201, 201]
    )


@losses
def test_a_poll_whose_commit_got_no_answer_hands_over_once(
    far, core, installation, rows, wiretap, loss
):
    core.post("Coverage", a_coverage())
    far.post("Claim", a_claim())
    create_worker(installation).drain()

    wiretap.cut_at(EFFECT, loss)
    reply, statuses = asked_until_answered(far, "Task", a_task("poll", number="P1"))

    assert wiretap.cuts == 1
    assert statuses == ({200: 1} if loss is Loss.ANSWER else {503: 1, 201: 1})
    assert reply.output("remaining") == 1
    assert far.get(reply.output("response")).document["outcome"] == "complete"
    states = Counter(row["state"] for row in rows.of(tables.pended))
    assert states == {Delivery.DELIVERED: 1, Delivery.UNDELIVERED: 1}


@losses
@pytest.mark.parametrize("headers", [{}, {"Idempotency_Key": "k1"}], ids=["no key", "a key"])
def test_an_invoice_whose_commit_got_no_answer_is_there_once(
    far, core, rows, wiretap, loss, headers
):
    billing = Billing(far, core)
    billing.price()
    account = billing.account()
    charge = billing.charge(account)

    wiretap.cut_at(EFFECT, loss)
    told = billing.invoice(account, **headers)
    again = billing.invoice(account, **headers)

    assert wiretap.cuts == 1
    is_done = loss is Loss.ANSWER
    # By its key it is found again without being asked.
    assert told.status == (200 if is_done and headers else 503)
    assert again.status == (200 if is_done else 201)
    assert billed(again) == [charge]
    assert len(rows.of(tables.resource, type="Invoice")) == 1
    assert billing.status(charge) == "billed"


@losses
def test_a_task_without_an_identifier_is_not_claimed_to_be_done(far, rows, wiretap, loss):
    claim = far.post("Claim", a_claim()).reference

    wiretap.cut_at(EFFECT, loss)
    told = far.task(a_task("cancel", focus=claim))
    again = far.task(a_task("cancel", focus=claim))

    assert told.status == 503
    assert again.document["status"] == ("rejected" if loss is Loss.ANSWER else "completed")
    assert far.get(claim).document["status"] == "cancelled"


@losses
@pytest.mark.parametrize("verb", ["PUT", "PATCH", "DELETE"])
def test_a_change_whose_commit_got_no_answer_is_there_or_not(far, wiretap, loss, verb):
    own = far.post("Patient", {"resourceType": "Patient", "active": True})
    media, body = "application/fhir+json", own.text
    if verb == "PATCH":
        media = "application/json-patch+json"
        body = '[{"op": "add", "path": "/gender", "value": "other"}]'

    wiretap.cut_at(EFFECT, loss)
    told = far.ask(verb, own.reference, body, Content_Type=media)
    is_done = loss is Loss.ANSWER
    versions = [far.get(f"{own.reference}/_history/{number}").status for number in (2, 3)]

    assert (told.status, told.errors) == (503, ["ECG-UNKNOWN-COMMIT"])
    assert ("Read the resource" in told.text) == (verb == "PATCH")
    there = 410 if verb == "DELETE" else 200
    assert versions == ([there, 404] if is_done else [404, 404])
    again = far.ask(verb, own.reference, body, Content_Type=media, If_Match='W/"1"')
    done = 204 if verb == "DELETE" else 200
    assert again.status == (412 if is_done else done)


@losses
def test_a_refusal_whose_audit_got_no_answer_is_no_fault(far, registry, wiretap, loss):
    token = registry.submitter("Narrow", acts_for_anybody=False).token
    narrow = replace(far, token=token)
    assert narrow.post("Claim", a_claim()).status == 403

    # Its token, the effect that was unwound, and then the audit's own.
    wiretap.cut_at(EFFECT, loss)
    assert narrow.post("Claim", a_claim()).status == 503
    assert narrow.post("Claim", a_claim()).status == 403
    assert wiretap.cuts == 1


@rounds
def test_lines_that_are_cut_at_random_double_nothing(app, far, rows, wiretap, rounds, figures):
    drawn = Random(rounds)
    told: Counter[int] = Counter()
    senders = [replace(far, http=far.http.application.test_client()) for _ in range(SENDERS)]
    for number in range(rounds):
        same = a_claim(number=f"R{number}")
        others = [a_claim(number=f"R{number}-{n}") for n in range(1, SENDERS)]
        documents = [same, *others] if number % 2 else [same] * SENDERS
        wiretap.cut_at(drawn.randint(1, SENDERS), drawn.choice(list(Loss)))
        replies = together(
            [
                partial(asked_until_answered, sender, "Claim", document)
                for sender, document in zip(senders, documents, strict=True)
            ]
        )
        told += sum((statuses for _, statuses in replies), Counter())
        cancel = a_task("cancel", number=f"R{number}", focus=replies[0][0].reference)
        reply, statuses = asked_until_answered(senders[0], "Task", cancel)
        told += statuses
        assert reply.document["status"] == "completed"

    figures |= {"lines cut": wiretap.cuts, "statuses": dict(told)}
    taken = rounds // 2 * SENDERS + (rounds - rounds // 2)
    assert wiretap.cuts > 0
    assert told.keys() == {200, 201, 503}, figures
    assert len(rows.of(tables.submission)) == taken
    assert len(rows.of(tables.audit, action="create")) == taken
    assert len(rows.of(tables.task)) == len(rows.of(tables.audit, action="cancel")) == rounds


def test_sessions_that_are_ended_by_the_server_are_no_faults(app, wire, database, rows, figures):
    told: Counter[int] = Counter()
    with psycopg.connect(
        database.replace("postgresql+psycopg", "postgresql"), autocommit=True
    ) as operator:
        for number in range(30):
            claims = [a_claim(number=f"S{number}-{n}") for n in range(SENDERS)]
            own = [replace(wire, http=app.test_client()) for _ in claims]
            sends = [
                partial(asked_until_answered, sender, "Claim", claim)
                for sender, claim in zip(own, claims, strict=True)
            ]
            *replies, _ = together([*sends, partial(_end_sessions, operator)])
            told += sum((statuses for _, statuses in replies), Counter())

    figures |= told
    assert told.keys() <= {200, 201, 503}, figures
    assert len(rows.of(tables.submission)) == 30 * SENDERS


def _end_sessions(operator: psycopg.Connection) -> None:
    for _ in range(5):
        operator.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

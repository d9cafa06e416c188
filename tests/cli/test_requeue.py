"""`eclaims requeue`: what was parked or abandoned is put back; `eclaims queue` counts both."""

from datetime import timedelta

import pytest

from app import create_app, create_installation, utc_now
from app.domain import leases
from app.settings import read as read_settings
from app.store import tables
from app.store.tables import JobState
from tests.builders import a_claim, a_task, an_eligibility_request
from tests.conftest import FixedClock
from tests.rows import Rows
from tests.wire import Wire


class Office:
    """An installation with two payers and three submitters, on a clock that lies a day back."""

    def __init__(self, eclaims):
        eclaims.json("payer", "add", "Second")
        self.clock = FixedClock(utc_now() - timedelta(days=1))
        settings = read_settings(eclaims.instance, {})
        self.installation = create_installation(settings, clock=self.clock)
        self.rows = Rows(self.installation.store)
        http = create_app(self.installation).test_client()
        self.wires = {}
        for name, payer in (("A", "Default Payer"), ("B", "Default Payer"), ("C", "Second")):
            options = ["--handover", "acknowledged", "--payer", payer, "--acts-for", "*"]
            told = eclaims.json("submitter", "add", name, "--identifier", f"sid|{name}", *options)
            self.wires[name] = Wire(http, told["token"])

    def park(self, *names):
        """One answer each, polled for five times and never acknowledged; what they are."""
        for name in names:
            self.wires[name].post("CoverageEligibilityRequest", an_eligibility_request())
        for before in range(leases.MOST):
            handed = [self.wires[name].task(a_task("poll")).output("response") for name in names]
            self.clock.now += leases.length(before)
        return handed

    def abandon(self, name):
        """A Claim whose job was given up."""
        claim = self.wires[name].post("Claim", a_claim()).reference
        where = {"submission_id": claim.partition("/")[2]}
        given_up = {"attempts": 10, "fault": "RuntimeError"}
        self.rows.change(tables.job, where, state=JobState.ABANDONED, **given_up)
        return claim

    def audited(self):
        return [
            (row["actor"], row["outcome"], f"{row['type']}/{row['resource_id']}")
            for row in self.rows.of(tables.audit, action="requeue")
        ]


@pytest.fixture
def office(installed):
    opened = Office(installed)
    yield opened
    opened.installation.store.close()


def plain(reference):
    return reference.partition("/_history/")[0]


def line(name, reference, payer="Default Payer", deliveries=5):
    told = {"payer": payer, "submitter": name, "reference": reference}
    return {**told, "deliveries": deliveries}


def standing(name, undelivered=0, leased=0, parked=0, payer="Default Payer"):
    counted = {"undelivered": undelivered, "leased": leased, "parked": parked}
    return {"payer": payer, "submitter": name, **counted}


# --- refused


@pytest.mark.parametrize("what", [[], ["delivered"]], ids=["nothing", "another-word"])
def test_what_is_put_back_is_named(on_sqlite, what):
    assert on_sqlite("requeue", *what).exit_code == 2
    assert on_sqlite("requeue", "parked").exit_code == 0


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--submitter", "Nobody"], "There is no single submitter 'Nobody'"),
        (["--submitter", "C", "--payer", "Default Payer"], "There is no single submitter 'C'"),
        (["--payer", "Nobody"], "There is no payer 'Nobody'"),
        (["--submitter", "Core"], "There is no single submitter 'Core'"),
    ],
)
def test_who_is_not_there_is_told(office, installed, options, told):
    installed.json("payer", "token", "Core")

    refused = installed("requeue", "parked", *options)

    assert (refused.exit_code, told in refused.stderr) == (1, True)
    assert installed.json("requeue", "parked", "--submitter", "C", "--payer", "Second") == []


# --- done


@pytest.mark.parametrize("what", ["parked", "abandoned"])
def test_nothing_to_put_back_is_no_error(office, installed, what):
    assert installed.json("requeue", what) == []
    shown = installed("requeue", what)
    assert (shown.exit_code, shown.output) == (0, f"Nothing is {what}.\n")
    assert office.audited() == []


def test_parked_answers_are_undelivered_again_and_keep_their_number(office, installed):
    handed = office.park("A", "B", "C")
    queues = [standing("A", parked=1), standing("B", parked=1)]
    second = standing("C", parked=1, payer="Second")
    assert installed.json("queue")["answers"] == [*queues, second]

    put_back = installed.json("requeue", "parked")

    assert put_back == [line("A", handed[0]), line("B", handed[1]), line("C", handed[2], "Second")]
    queues = [standing("A", undelivered=1), standing("B", undelivered=1)]
    assert installed.json("queue")["answers"][:2] == queues
    again = office.wires["A"].task(a_task("poll"))
    assert again.output("response") == handed[0]
    (output, _) = again.document["output"]
    assert output["extension"][0]["valueInteger"] == leases.MOST + 1
    assert installed.json("requeue", "parked") == []
    told = [("operator", "undelivered", plain(one)) for one in handed]
    assert sorted(office.audited()) == sorted(told)


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (["--submitter", "A"], ["A"]),
        (["--payer", "Default Payer"], ["A", "B"]),
        (["--payer", "Second"], ["C"]),
        (["--payer", "Second", "--submitter", "C"], ["C"]),
    ],
)
def test_only_what_is_asked_for_is_put_back(office, installed, options, names):
    office.park("A", "B", "C")

    put_back = installed.json("requeue", "parked", *options)

    assert [one["submitter"] for one in put_back] == names
    left = {one["submitter"] for one in installed.json("queue")["answers"] if one["parked"]}
    assert left == {"A", "B", "C"} - set(names)


def test_what_is_lent_or_waits_is_counted_and_not_put_back(office, installed):
    office.clock.now = utc_now()
    for _ in range(3):
        office.wires["A"].post("CoverageEligibilityRequest", an_eligibility_request())
    office.wires["A"].task(a_task("poll"))

    assert installed.json("queue")["answers"] == [standing("A", undelivered=2, leased=1)]
    assert installed.json("requeue", "parked") == []
    shown = installed("queue").output
    assert "Answers not delivered" in shown


@pytest.mark.parametrize(("options", "is_meant"), [([], True), (["--submitter", "B"], False)])
def test_abandoned_jobs_are_due_again_with_all_their_attempts(office, installed, options, is_meant):
    claim = office.abandon("A")
    assert installed.json("work", "--once") == {"jobs": 0}

    put_back = installed.json("requeue", "abandoned", *options)

    told = {"payer": "Default Payer", "submitter": "A", "reference": claim, "kind": "adjudicate"}
    assert put_back == ([told] if is_meant else [])
    (job,) = installed.json("queue")["jobs"]
    assert (job["waiting"], job["abandoned"]) == ((1, 0) if is_meant else (0, 1))
    (row,) = office.rows.of(tables.job)
    assert (row["attempts"], row["fault"]) == ((0, None) if is_meant else (10, "RuntimeError"))
    assert office.audited() == ([("operator", "waiting", claim)] if is_meant else [])
    assert installed.json("work", "--once") == {"jobs": int(is_meant)}


def test_a_person_is_shown_what_was_put_back(office, installed):
    (handed,) = office.park("A")
    claim = office.abandon("B")

    parked = installed("requeue", "parked", COLUMNS="200").output
    abandoned = installed("requeue", "abandoned", COLUMNS="200").output

    assert handed in parked
    assert claim in abandoned

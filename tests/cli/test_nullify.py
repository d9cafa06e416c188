"""`eclaims nullify`: a second person approves, or refuses, that something is purged."""

from functools import partial

import pytest

from app import create_app, create_installation
from app.gateway.administering.administration import Administration
from app.gateway.purging.purges import NotWaiting, Purges
from app.settings import read as read_settings
from tests.builders import a_claim, a_task
from tests.reliability.crowd import together
from tests.wire import Wire


@pytest.fixture
def installation(installed):
    """The installation of the command, as a server has it."""
    opened = create_installation(read_settings(installed.instance, {}))
    yield opened
    opened.store.close()


@pytest.fixture
def wire(installed, installation):
    """A submitter of a payer that approves each purge."""
    installed.json("payer", "set", "--nullify-approval")
    told = installed.json("submitter", "add", "A", "--identifier", "sid|Happy Valley")
    return Wire(create_app(installation).test_client(), told["token"])


@pytest.fixture
def claim(wire):
    """A Claim that is not decided yet."""
    return wire.post("Claim", a_claim()).reference


@pytest.fixture
def task(wire, claim):
    """The reference of a nullify Task that waits for approval."""
    asked = wire.task(a_task("nullify", focus=claim))
    assert (asked.status, asked.document["status"]) == (201, "in-progress")
    return asked.reference


# --- what is refused


@pytest.mark.parametrize("verb", ["approve", "refuse"])
def test_a_task_that_is_not_there_is_told_with_the_next_step(on_sqlite, verb):
    result = on_sqlite("nullify", verb, "none")

    assert result.exit_code == 1
    assert "No nullify Task 'none' of 'Default Payer' waits for approval;" in result.stderr
    assert "`eclaims nullify list` shows those that do." in result.stderr


@pytest.mark.parametrize("verb", ["approve", "refuse"])
def test_a_task_of_another_payer_waits_for_that_payer_only(installed, wire, claim, task, verb):
    installed.json("payer", "add", "Second")

    result = installed("nullify", verb, task, "--payer", "Second")

    assert result.exit_code == 1
    assert installed.json("nullify", "list", "--payer", "Second") == []
    assert wire.get(claim).status == 200
    assert installed.json("nullify", verb, task, "--payer", "Default Payer")["task_id"]


@pytest.mark.parametrize(
    ("verb", "state"), [("approve", "completed"), ("refuse", "rejected")], ids=["approve", "refuse"]
)
def test_a_task_is_decided_once(installed, wire, task, verb, state):
    first = installed.json("nullify", verb, task)

    assert first == {"task_id": task.removeprefix("Task/"), "status": state}
    assert installed("nullify", verb, task).exit_code == 1
    assert wire.get(task).document["status"] == state


def test_another_tasks_approval_is_not_asked_for(installed, wire, claim):
    asked = wire.task(a_task("poll"))

    assert installed("nullify", "approve", asked.reference).exit_code == 1
    assert wire.get(claim).status == 200


# --- what is done


def test_an_approved_purge_is_carried_out_and_told_by_poll(installed, wire, claim, task):
    approved = installed.json("nullify", "approve", task.removeprefix("Task/"))

    assert approved["status"] == "completed"
    assert wire.get(claim).status == 410
    told = wire.get(wire.task(a_task("poll")).output("response"))
    assert (told.reference, told.document["status"]) == (task, "completed")
    assert told.output("receipt").startswith("Purged: Claim 1, ClaimResponse 1;")


def test_a_refused_purge_leaves_everything_as_it_was(installed, wire, claim, task):
    refused = installed.json("nullify", "refuse", task)

    assert refused["status"] == "rejected"
    assert wire.get(claim).document["status"] == "active"
    told = wire.get(wire.task(a_task("poll")).output("response"))
    assert (told.reference, told.output("error")) == (task, "ECG-NULLIFY-NOT-APPROVED")


def test_what_came_under_legal_hold_meanwhile_is_not_purged(installed, wire, claim, task):
    installed.json("hold", claim)

    approved = installed.json("nullify", "approve", task)

    assert approved["status"] == "rejected"
    assert wire.get(claim).status == 200
    assert wire.get(task).output("error") == "ECG-NULLIFY-LEGAL-HOLD"


def test_why_a_purge_is_not_carried_out_is_told(installed, claim, task):
    installed.json("hold", claim)

    result = installed("nullify", "approve", task)

    assert "legal hold" in result.output.splitlines()[0]
    assert result.output.splitlines()[1].endswith("is rejected; its submitter is told by poll.")


def test_what_waits_is_listed_for_a_script_and_for_a_person(installed, wire, claim, task):
    id = task.removeprefix("Task/")

    assert installed.json("nullify", "list") == [{"task_id": id, "focus": claim}]
    assert id in installed("nullify", "list", COLUMNS="200").output
    assert installed("nullify", "approve", id).output == (
        f"Task {id} is completed; its submitter is told by poll.\n"
    )
    assert installed("nullify", "list").output == "No purge waits for approval.\n"
    assert installed.json("nullify", "list") == []


# --- together


def test_of_two_operators_at_once_one_decides(installed, installation, wire):
    purges, owner = Purges(installation), Administration(installation).find_payer(None)

    def decided(task: str, *, is_approved: bool) -> str:
        try:
            return str(purges.decide(owner, task, is_approved=is_approved).status)
        except NotWaiting:
            return "nothing waits"

    for _ in range(8):
        focus = wire.post("Claim", a_claim()).reference
        task = wire.task(a_task("nullify", focus=focus)).document["id"]
        both = together(
            [partial(decided, task, is_approved=True), partial(decided, task, is_approved=False)]
        )

        assert "nothing waits" in both
        [verdict] = set(both) - {"nothing waits"}
        assert wire.get(f"Task/{task}").document["status"] == verdict
        assert wire.get(focus).status == (410 if verdict == "completed" else 200)

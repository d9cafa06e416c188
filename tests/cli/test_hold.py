"""`eclaims hold`: what has to be kept by law is not purged."""

import pytest

from app import create_app, create_installation
from app.settings import read as read_settings
from tests.builders import a_claim, a_task
from tests.wire import Wire


@pytest.fixture
def wire(installed):
    """A submitter of the installation, without a server."""
    told = installed.json("submitter", "add", "A", "--identifier", "sid|Happy Valley")
    installation = create_installation(read_settings(installed.instance, {}))
    yield Wire(create_app(installation).test_client(), told["token"])
    installation.store.close()


@pytest.fixture
def claim(wire):
    """The reference of a Claim."""
    return wire.post("Claim", a_claim()).reference


def nullified(wire: Wire, claim: str):
    """How a nullify of a Claim is answered: the status of the Task, and its error."""
    task = wire.task(a_task("nullify", focus=claim))
    return task.document["status"], task.output("error")


# --- what is refused


@pytest.mark.parametrize("reference", ["Claim/none", "Claim", "none", "Patient/1"])
@pytest.mark.parametrize("options", [(), ("--end",)], ids=["begin", "end"])
def test_what_is_not_there_is_told_with_the_next_step(on_sqlite, reference, options):
    result = on_sqlite("hold", reference, *options)

    assert result.exit_code == 1
    assert f"'Default Payer' has no request '{reference}': name it by type and id" in result.stderr


def test_a_request_of_another_payer_is_not_there(installed, wire, claim):
    installed.json("payer", "add", "Second")

    assert installed("hold", claim, "--payer", "Second").exit_code == 1
    assert nullified(wire, claim) == ("completed", None)


def test_what_is_purged_can_no_longer_be_held(installed, wire, claim):
    assert installed("hold", claim).exit_code == 0
    assert installed("hold", claim, "--end").exit_code == 0
    assert nullified(wire, claim) == ("completed", None)

    assert installed("hold", claim).exit_code == 1


# --- what is done


def test_a_held_claim_is_not_purged_until_the_hold_ends(installed, wire, claim):
    assert installed.json("hold", claim) == {"reference": claim, "is_held": True}
    assert nullified(wire, claim) == ("rejected", "ECG-NULLIFY-LEGAL-HOLD")
    assert wire.get(claim).status == 200

    assert installed.json("hold", claim, "--end") == {"reference": claim, "is_held": False}
    assert nullified(wire, claim) == ("completed", None)
    assert wire.get(claim).status == 410


def test_a_person_is_told_what_holds_now(installed, wire, claim):
    assert installed("hold", claim).output == f"{claim} is under legal hold.\n"
    assert installed("hold", claim, "--end").output == f"{claim} is no longer under legal hold.\n"


# --- twice


def test_a_hold_twice_is_one_hold(installed, wire, claim):
    installed.json("hold", claim)
    installed.json("hold", claim)
    installed.json("hold", claim, "--end")

    assert nullified(wire, claim) == ("completed", None)

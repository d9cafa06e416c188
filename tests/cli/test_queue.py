"""`eclaims queue`: what waits to be decided, told to a person and to a script."""

import pytest

from app import create_app, create_installation
from app.settings import read as read_settings
from tests.builders import a_claim
from tests.wire import Wire


@pytest.fixture
def wire(installed):
    """A submitter of the installation, without a server."""
    told = installed.json("submitter", "add", "A", "--identifier", "sid|Happy Valley")
    installation = create_installation(read_settings(installed.instance, {}))
    yield Wire(create_app(installation).test_client(), told["token"])
    installation.store.close()


def test_an_empty_queue_says_so(installed):
    assert installed.json("queue") == {
        "jobs": [],
        "awaiting": [],
        "quarantined": [],
        "answers": [],
    }
    assert "Nothing waits" in installed("queue").output


def test_claims_that_wait_for_a_worker_are_counted(installed, wire):
    for _ in range(2):
        assert wire.post("Claim", a_claim()).status == 201

    (job,) = installed.json("queue")["jobs"]
    counts = (job["kind"], job["waiting"], job["leased"], job["abandoned"])
    assert counts == ("adjudicate", 2, 0, 0)
    assert job["oldest_due_at"] is not None
    assert "adjudicate" in installed("queue").output


def test_claims_that_wait_for_a_person_are_told(installed, wire):
    installed.json("payer", "set", "--adjudicator", "manual")
    assert wire.post("Claim", a_claim()).status == 201
    assert installed.json("work", "--once") == {"jobs": 1}

    told = installed.json("queue")
    assert told["jobs"] == []
    assert told["awaiting"] == [
        {"payer": "Default Payer", "for": "operator", "count": 1, "first_due_at": None}
    ]
    assert "operator" in installed("queue").output

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
    assert installed.json("queue") == []
    assert "Nothing waits" in installed("queue").output


def test_claims_that_wait_are_counted_with_the_age_of_the_oldest(installed, wire):
    for _ in range(2):
        assert wire.post("Claim", a_claim()).status == 201

    (told,) = installed.json("queue")
    assert (told["kind"], told["waiting"], told["leased"], told["abandoned"]) == (
        "adjudicate",
        2,
        0,
        0,
    )
    assert told["oldest_due_at"] is not None
    assert "adjudicate" in installed("queue").output

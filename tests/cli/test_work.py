"""`eclaims work` as a process: what is due is decided, once or until it is asked to end."""

import json
import signal

import pytest

from app import create_app, create_installation
from app.settings import read as read_settings
from tests.builders import a_claim
from tests.cli.processes import log_lines, wait_for
from tests.wire import Wire


@pytest.fixture
def wire(installed):
    """A submitter of the installation, without a server."""
    told = installed.json("submitter", "add", "A", "--identifier", "sid|Happy Valley")
    installation = create_installation(read_settings(installed.instance, {}))
    yield Wire(create_app(installation).test_client(), told["token"])
    installation.store.close()


def outcome_of(wire: Wire, taken) -> str:
    """What the ClaimResponse to a Claim says by now."""
    address = taken.headers["Link"].partition(">")[0].partition("/fhir/r4/")[2]
    return wire.get(address).document["outcome"]


def wait_until_decided(wire: Wire, taken) -> None:
    """Return once the Claim is decided; fails after a generous deadline."""
    wait_for(lambda: True if outcome_of(wire, taken) == "complete" else None)


def test_once_decides_what_is_due_and_ends(wire, processes):
    claims = [wire.post("Claim", a_claim()) for _ in range(3)]
    assert {outcome_of(wire, claim) for claim in claims} == {"queued"}

    done = processes.run("work", "--once", "--json")

    assert (done.returncode, json.loads(done.stdout)) == (0, {"jobs": 3})
    assert {outcome_of(wire, claim) for claim in claims} == {"complete"}


def test_once_without_work_ends_too(wire, processes):
    done = processes.run("work", "--once")

    assert (done.returncode, done.stdout, done.stderr) == (0, "0 jobs worked on.\n", "")


@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGINT], ids=["terminated", "ctrl-c"])
def test_it_works_until_it_is_asked_to_end(wire, processes, asked):
    process = processes.start("work", ECLAIMS_TICK_SECONDS="0.1")
    for _ in range(2):
        wait_until_decided(wire, wire.post("Claim", a_claim()))

    process.send_signal(asked)
    out, err = process.communicate(timeout=60)

    assert (process.returncode, out) == (0, "")
    assert all(line["level"] in {"info", "debug"} for line in log_lines(err))

"""`eclaims clocks`: what is late and what will be, told to a person and to a script."""

from datetime import UTC, datetime, timedelta

import pytest

from app import create_app, create_installation, create_worker
from app.settings import read as read_settings
from tests.builders import a_claim
from tests.conftest import FixedClock
from tests.wire import Wire


@pytest.fixture
def clock():
    return FixedClock(datetime.now(UTC))


@pytest.fixture
def installation(installed, clock):
    opened = create_installation(read_settings(installed.instance, {}), clock=clock)
    yield opened
    opened.store.close()


@pytest.fixture
def wire(installed, installation):
    """A submitter of the installation, without a server; a person decides what it sends."""
    installed.json("payer", "set", "--adjudicator", "manual")
    told = installed.json("submitter", "add", "A", "--identifier", "sid|Happy Valley")
    return Wire(create_app(installation).test_client(), told["token"])


def sent(wire, use="preauthorization"):
    return wire.post("Claim", a_claim(use)).reference


def test_the_clocks_of_a_payer_that_is_not_there_are_refused(on_sqlite):
    result = on_sqlite("clocks", "--payer", "Nobody")

    assert result.exit_code == 1
    assert "There is no payer 'Nobody'" in result.stderr
    assert on_sqlite.json("clocks", "--payer", "Default Payer")[0]["kinds"] == []


def test_where_nothing_is_open_that_is_said(on_sqlite):
    assert on_sqlite("clocks", "--list").output == "Nothing is to be decided.\n"


def test_each_kind_is_told_and_what_is_late_or_due_soon_by_name(
    installed, installation, wire, clock
):
    now = clock.now
    started = {}
    for days_ago in (8, 6.5, 1):
        clock.now = now - timedelta(days=days_ago)
        started[sent(wire)] = clock.now
    clock.now = now - timedelta(days=1)
    assert sent(wire, "claim").startswith("Claim/")

    [told] = installed.json("clocks", "--list")

    late, soon, _ = started
    due = [
        {
            "payer": "Default Payer",
            "claim": claim,
            "submitter": "A",
            "kind": "preauthorization/normal",
            "decide_by": str(started[claim] + timedelta(days=7)),
        }
        for claim in (late, soon)
    ]
    assert told["due"] == due
    nothing = {"type": None, "decisions": 0, "decisions_in_hours": 168}
    assert told["kinds"] == [
        {
            "use": "claim",
            "priority": "normal",
            **nothing,
            "open": 1,
            "paused": 0,
            "breached": 0,
            "due_within_24_hours": 0,
            "oldest_since": str(now - timedelta(days=1)),
            "will_breach": 1,
            "first_breach_at": str(now + timedelta(days=29)),
        },
        {
            "use": "preauthorization",
            "priority": "normal",
            **nothing,
            "open": 3,
            "paused": 0,
            "breached": 1,
            "due_within_24_hours": 1,
            "oldest_since": str(started[late]),
            "will_breach": 2,
            "first_breach_at": str(started[soon] + timedelta(days=7)),
        },
    ]
    assert installed.json("clocks")[0]["due"] == []


def test_decisions_of_late_make_the_forecast(installed, installation, wire, clock):
    installed.json("payer", "set", "--adjudicator", "standard")
    clock.forward(hours=-2)
    for _ in range(3):
        sent(wire)
    create_worker(installation).drain()
    installed.json("payer", "set", "--adjudicator", "manual")
    sent(wire)

    [kind] = installed.json("clocks")[0]["kinds"]

    assert (kind["decisions"], kind["decisions_in_hours"]) == (3, 24)
    assert (kind["open"], kind["will_breach"], kind["first_breach_at"]) == (1, 0, None)


def test_a_person_reads_two_tables(installed, wire, clock):
    clock.forward(days=-8)
    reference = sent(wire)

    shown = installed("clocks", "--list", COLUMNS="200").output

    assert "Time to decide" in shown
    assert "preauthorization/normal" in shown
    assert "192 h" in shown
    assert "0 in 168 h" in shown
    assert reference in shown
    assert reference not in installed("clocks", COLUMNS="200").output

"""`eclaims retention`: what would go, and what went."""

import pytest

from tests.builders import a_claim, a_task

pytestmark = pytest.mark.usefixtures("database")


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_what_would_go_is_told_and_stays_until_it_goes(beside_the_wire, wire, clock):
    # By the clock of the command, which is today's, the time of the tests is long ago or to come.
    beside_the_wire.json("payer", "set", "--keep-polls-days", "1")
    clock.now = clock.now.replace(year=2020)
    claim = wire.post("Claim", a_claim(created="2020-03-02")).reference
    asked = wire.task(a_task("status", focus=claim)).reference

    told = beside_the_wire.json("retention", "--dry-run")
    assert told["dry_run"] is True
    assert told["payers"][0]["polls"] == 1
    assert wire.get(asked).status == 200
    gone = beside_the_wire.json("retention", "--payer", "Payer")

    assert gone["payers"] == told["payers"]
    assert wire.get(asked).status == 404
    assert beside_the_wire.json("retention")["payers"][0]["polls"] == 0
    shown = beside_the_wire("retention", "--dry-run")
    assert "Old enough to go" in shown.output
    unknown = beside_the_wire("retention", "--payer", "Nobody")
    assert (unknown.exit_code, "There is no payer 'Nobody'" in unknown.stderr) == (1, True)

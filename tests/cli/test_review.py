"""`eclaims review`: a Claim that awaits a person goes on by that person's word."""

import json

import pytest

from app import create_app, create_installation
from app.settings import read as read_settings
from app.store import tables
from tests.builders import a_claim, a_coverage
from tests.rows import Rows
from tests.wire import Wire

DAY = {"serviced": "2026-03-02"}


class Desk:
    """An installation whose payer knows member M1, and one submitter of it."""

    def __init__(self, eclaims, tmp_path):
        file = tmp_path / "coverage.json"
        file.write_text(json.dumps(a_coverage()))
        eclaims.json("load", file)
        told = eclaims.json("submitter", "add", "A", "--identifier", "sid|Happy Valley")
        installation = create_installation(read_settings(eclaims.instance, {}))
        self.eclaims, self.rows = eclaims, Rows(installation.store)
        self.wire = Wire(create_app(installation).test_client(), told["token"])
        self.close = installation.store.close

    def claim(self, price, number):
        """The reference of a Claim for the service of one day, decided as far as it can be."""
        taken = self.wire.post("Claim", a_claim(prices=[price], number=number, **DAY))
        self.eclaims.json("work", "--once")
        return taken.reference

    def standing(self, claim):
        """State, benefit and what is awaited."""
        [row] = self.rows.of(tables.submission, type="Claim", id=claim.partition("/")[2])
        total = row["total"]
        return row["state"], None if total is None else str(total), row["awaiting"]

    def audited(self):
        return [
            (row["actor"], row["outcome"], f"{row['type']}/{row['resource_id']}")
            for row in self.rows.of(tables.audit, action="review")
        ]


@pytest.fixture
def desk(installed, tmp_path):
    """What the operator sits at."""
    opened = Desk(installed, tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def likely(desk):
    """A Claim for a service that an earlier one had at another price."""
    desk.claim("100.00", "first")
    return desk.claim("90.00", "second")


# --- what is refused


@pytest.mark.parametrize("word", ["distinct", "duplicate", "again"])
def test_a_claim_that_awaits_nobody_is_refused_and_stays(desk, word):
    claim = desk.claim("100.00", "only")

    result = desk.eclaims("review", word, claim)

    assert result.exit_code == 1
    assert "awaits an operator; `eclaims review list` shows those that do" in result.stderr
    assert desk.standing(claim) == ("payable", "80.00", None)
    assert desk.audited() == []


def test_a_claim_of_another_payer_is_not_there(desk, likely):
    desk.eclaims.json("payer", "add", "Second")

    assert desk.eclaims("review", "distinct", likely, "--payer", "Second").exit_code == 1
    assert desk.eclaims.json("review", "list", "--payer", "Second") == []
    assert desk.standing(likely) == ("awaiting", None, "operator")


# --- what is done


def test_what_awaits_a_person_is_listed_with_the_reason(desk, likely):
    [line] = desk.eclaims.json("review", "list")

    assert (line["reference"], line["submitter"]) == (likely, "A")
    assert "an earlier claim has the same service" in line["why"].lower()
    assert "await an operator" in desk.eclaims("review", "list", COLUMNS="200").output


@pytest.mark.parametrize(
    ("word", "after"),
    [
        ("distinct", ("payable", "72.00", None)),
        ("duplicate", ("decided", "0.00", None)),
        ("again", ("awaiting", None, "operator")),
    ],
)
def test_a_claim_goes_on_as_the_person_says(desk, likely, word, after):
    assert desk.eclaims("review", word, likely).output == f"{likely} is due to be decided.\n"
    desk.eclaims.json("work", "--once")

    # 90.00 less the default plan's 20 %.
    assert desk.standing(likely) == after
    assert desk.audited() == [("operator", word, likely)]


def test_a_word_is_taken_once(desk, likely):
    told = desk.eclaims.json("review", "distinct", likely)

    assert told == {"reference": likely, "review": "distinct"}
    assert desk.eclaims("review", "duplicate", likely).exit_code == 1
    assert desk.eclaims("review", "list").output == "No Claim awaits an operator.\n"

"""`eclaims replay`: what an operator is told, and by which exit code."""

import json

import pytest

from app import create_app, create_installation, create_worker
from app.fhir import json_text
from app.settings import read as read_settings
from app.store import tables
from app.store.bodies import compressed
from tests.builders import a_claim, a_coverage
from tests.wire import Wire


@pytest.fixture
def installation(on_sqlite):
    opened = create_installation(read_settings(on_sqlite.instance, {}))
    yield opened
    opened.store.close()


@pytest.fixture
def claim(on_sqlite, installation, tmp_path):
    """The reference of a Claim of 100.00 that is decided: 20 % are the member's."""
    file = tmp_path / "coverage.json"
    file.write_text(json_text.write(a_coverage()), encoding="utf-8")
    on_sqlite.json("load", file)
    told = on_sqlite.json("submitter", "add", "A", "--identifier", "sid|Happy Valley")
    wire = Wire(create_app(installation).test_client(), told["token"])
    reference = wire.post("Claim", a_claim()).reference
    create_worker(installation).drain()
    return reference


def change(installation, **values):
    installation.store.write(lambda c: c.execute(tables.decision.update().values(**values)))


@pytest.mark.usefixtures("plain")
def test_what_cannot_be_made_again_is_told_with_the_next_step(on_sqlite, installation, claim):
    unknown = on_sqlite("replay", "Claim/none")
    absent = on_sqlite("replay", claim, "--with", "ours")
    never = on_sqlite("replay", claim, "--decision", str(10**30))
    change(installation, rules="standard-0")
    older = on_sqlite("replay", claim)
    change(installation, body_format=7)
    later = on_sqlite("replay", claim)
    change(installation, body_format=1, inputs=compressed("inputs-1\n{}").content)
    changed = on_sqlite("replay", claim)
    change(installation, inputs=None)
    emptied = on_sqlite("replay", claim)

    told = [unknown, absent, never, older, later, changed, emptied]
    assert [each.exit_code for each in told] == [1] * 7
    for each, sentence in zip(
        told,
        [
            "'Default Payer' has no decision kept of Claim 'none': name a Claim that is decided",
            "No adjudicator 'ours' is installed; there are: manual, standard.",
            f"'Default Payer' has no decision {10**30} kept of Claim",
            "It was decided by standard-0, and no adjudicator that is installed has these rules",
            "written by a version that this one cannot read: install the version that decided it",
            "What is kept of the decision is not what was written (its digest differs)",
            "held another request that was nullified, and is emptied",
        ],
        strict=True,
    ):
        assert sentence in each.stderr


def test_a_decision_of_another_payer_is_not_there(on_sqlite, claim):
    on_sqlite.json("payer", "add", "Second")

    assert on_sqlite("replay", claim, "--payer", "Second").exit_code == 1
    assert on_sqlite("replay", claim).exit_code == 0


def test_the_same_decision_is_told_with_its_rows(on_sqlite, claim):
    told = on_sqlite.json("replay", claim.removeprefix("Claim/"), "--decision", "1")

    assert (told["verdict"], told["decision"], told["made_again_by"]) == ("same", 1, told["rules"])
    assert (told["is_same_decision"], told["is_same_response"]) == (True, True)
    assert [(row["line"], row["row"], row["told"], row["again"]) for row in told["rows"]] == [
        ("1", "submitted", "100.00 EUR", "100.00 EUR"),
        ("1", "eligible", "100.00 EUR", "100.00 EUR"),
        ("1", "coinsurance", "20.00 EUR", "20.00 EUR"),
        ("1", "benefit", "80.00 EUR", "80.00 EUR"),
    ]
    assert [row["reasons"] for row in told["rows"]] == ["", "", "2 Coinsurance", ""]
    assert {row["differs"] for row in told["rows"]} == {False}
    shown = on_sqlite("replay", claim)
    assert shown.exit_code == 0
    assert shown.output.endswith(
        f"Made again by {told['rules']}, the decision is the same to the last byte.\n"
    )


def test_what_differs_is_another_exit_code(on_sqlite, claim):
    result = on_sqlite("replay", claim, "--with", "manual")

    assert result.exit_code == 3
    assert "Made again by manual-1, it waits for operator: " in result.output
    assert on_sqlite("replay", claim, "--with", "standard").exit_code == 0


@pytest.mark.usefixtures("plain")
def test_a_response_that_was_changed_is_shown_by_its_row(on_sqlite, installation, claim):
    version = tables.resource_version
    is_response = version.c.type == "ClaimResponse", version.c.version == 2

    def tamper(connection):
        [body] = connection.execute(version.select().where(*is_response)).all()
        text = body.body.decode().replace('"value":80.00', '"value":81.00')
        assert text != body.body.decode()
        connection.execute(version.update().where(*is_response).values(body=text.encode()))

    installation.store.write(tamper)

    result = on_sqlite("replay", claim, "--json")

    told = json.loads(result.output)
    assert (result.exit_code, told["verdict"]) == (3, "differs")
    assert (told["is_same_decision"], told["is_same_response"]) == (True, False)
    assert [row["row"] for row in told["rows"] if row["differs"]] == ["benefit"]
    assert " is not.\n" in on_sqlite("replay", claim).output


def test_what_a_name_contains_is_no_markup(on_sqlite, installation, claim):
    change(installation, plan_identifier="[/gold] [red]")

    assert "[/gold] [red]" in on_sqlite("replay", claim).output

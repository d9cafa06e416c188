"""`eclaims db`: the schema up, down, and told."""

import pytest

# A schema whose keys are in use is not taken back.
pytestmark = pytest.mark.usefixtures("plain")


def newest(eclaims) -> str:
    return eclaims.json("db", "current")["newest"]


# --- what is refused


def test_losing_data_has_to_be_said(on_sqlite):
    result = on_sqlite("db", "downgrade", "base")

    assert result.exit_code == 1
    assert "repeat the command with --yes" in result.stderr
    assert on_sqlite("db", "current").exit_code == 0


@pytest.mark.parametrize(
    "command", [("upgrade", "--revision", "9999"), ("downgrade", "9999", "--yes")]
)
def test_a_revision_that_is_not_there_is_told_in_one_line(installed, command):
    result = installed("db", *command)

    assert result.exit_code == 1
    assert "There is no revision '9999'" in result.stderr
    assert result.stderr.count("\n") == 1
    assert installed("db", "current").exit_code == 0


@pytest.mark.parametrize("command", [("payer", "list"), ("work", "--once"), ("serve",)])
def test_a_schema_of_another_version_stops_the_other_commands(on_sqlite, processes, command):
    on_sqlite.json("db", "downgrade", "base", "--yes")

    result = processes.run(*command)

    assert result.returncode == 1
    assert f"eclaims db upgrade --instance {on_sqlite.instance}" in result.stderr
    assert result.stderr.count("\n") == 1


# --- what is done


def test_the_schema_goes_down_and_up_again(installed):
    revision = newest(installed)
    assert installed.json("db", "current") == {"revision": revision, "newest": revision}

    assert installed.json("db", "downgrade", "base", "--yes")["revision"] is None
    assert installed("db", "current", "--json").exit_code == 1

    assert installed.json("db", "upgrade")["revision"] == revision
    assert installed.json("payer", "list") == []


def test_a_person_is_told_what_to_do(on_sqlite):
    revision = newest(on_sqlite)
    assert on_sqlite("db", "current").output == f"The database is at revision {revision}.\n"

    on_sqlite.json("db", "downgrade", "base", "--yes")
    result = on_sqlite("db", "current")

    assert result.stdout == (
        f"The database is at revision none; this version works with {revision}.\n"
    )
    assert "eclaims db upgrade" in result.stderr


# --- what happens twice


def test_an_upgrade_of_what_is_newest_changes_nothing(installed):
    before = installed.json("payer", "list")

    assert installed.json("db", "upgrade")["revision"] == newest(installed)
    assert installed.json("payer", "list") == before

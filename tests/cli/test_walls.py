"""`eclaims db walls`: whether PostgreSQL itself keeps payers and submitters apart."""

import pytest

from tests.cli.installations import database_of

on_postgresql = pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
UP = "The walls are up, and the database user does not pass them.\n"


def test_sqlite_has_none(on_sqlite):
    result = on_sqlite("db", "walls")

    assert result.exit_code == 1
    assert result.stderr.startswith("Error: SQLite has no row-level security")


@on_postgresql
def test_walls_that_are_down_are_told_with_what_to_do(installed):
    assert installed("db", "walls").output == UP
    assert "tables are down now" in installed("db", "walls", "--down").output

    result = installed("db", "walls")

    assert result.exit_code == 1
    assert "tables are down" in result.stderr
    assert f"eclaims db walls --up --instance {installed.instance}" in result.stderr
    assert installed("db", "walls", "--up").output == UP
    assert installed.json("db", "walls") == {"down": [], "passed": False}


@on_postgresql
def test_a_user_that_passes_every_wall_is_told(installed, cluster):
    superuser = cluster.as_superuser(database_of(installed))

    result = installed("db", "walls", ECLAIMS_DATABASE=superuser)

    assert result.exit_code == 1
    assert result.stderr.startswith("Error: The database user passes every wall")
    assert installed("db", "walls").exit_code == 0

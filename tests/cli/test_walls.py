"""`eclaims db walls`: whether PostgreSQL itself keeps payers and submitters apart."""

import json

import pytest

from tests.cli.installations import PROGRAMS, database_of

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


@on_postgresql
def test_in_production_walls_are_looked_at(installed, cluster):
    def walls(**environment):
        found = json.loads(installed("check", "--production", "--json", **environment).stdout)
        return {one["rule"]: one["refused"] for one in found["findings"]}.get("walls", "unasked")

    # Of a check that stops at the settings the database is not asked.
    assert walls() == "unasked"
    everything = {
        "ECLAIMS_PROFILE": "production",
        "ECLAIMS_BASE_URL": "https://claims.payer.example",
        "ECLAIMS_TRUSTED_PROXIES": "10.0.0.5",
        "ECLAIMS_BEARER_TOKENS": "false",
    }
    assert walls(**everything) is None

    installed("db", "walls", "--down")
    assert "eclaims db walls --up" in walls(**everything)
    assert installed("check", "--production", **everything).exit_code == 1
    # A server beside those of before the walls has to start.
    assert installed("work", "--once", **everything).exit_code == 0

    installed("db", "walls", "--up")
    superuser = cluster.as_superuser(database_of(installed))
    assert "passes every wall" in walls(**everything, ECLAIMS_DATABASE=superuser)
    assert installed("check", "--production", **everything).exit_code == 0


@on_postgresql
def test_after_a_restore_walls_are_up_whatever_they_were(installed, tmp_path):
    installed("db", "walls", "--down")
    installed.json("backup", tmp_path / "copy", *PROGRAMS)
    assert installed("db", "walls").exit_code == 1

    installed.json("restore", tmp_path / "copy", "--replace", *PROGRAMS)

    assert installed.json("db", "walls") == {"down": [], "passed": False}
    assert len(installed.json("payer", "list")) == 1

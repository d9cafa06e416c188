"""`eclaims audit`: whether anybody changed the audit, by the command."""

import pytest

from tests.builders import a_claim

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def sealed(beside_the_wire, wire):
    """The command, beside an audit that is sealed."""
    wire.post("Claim", a_claim())
    beside_the_wire.json("work", "--once")
    return beside_the_wire


def forge(installation, statement):
    """As whoever has the database does: without its guards."""

    def run(connection):
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        else:
            for table in ("audit", "audit_seal"):
                for event in ("update", "delete"):
                    connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {table}_no_{event}")
        connection.exec_driver_sql(statement)

    installation.store.write(run)


def test_what_was_changed_is_told_and_ends_with_1(sealed, installation):
    forge(installation, "UPDATE audit SET actor = 'nobody' WHERE seq = 1")

    result = sealed("audit", "verify")

    assert result.exit_code == 1
    assert "Row 1 is not as it was written." in result.output
    told = sealed("audit", "verify", "--json")
    assert told.exit_code == 1
    assert '"row-changed"' in told.output


def test_what_nobody_changed_is_told_and_ends_with_0(sealed):
    result = sealed("audit", "verify")

    assert result.exit_code == 0
    [told] = sealed.json("audit", "verify", "--payer", "Payer")["payers"]
    assert (told["faults"], told["found"], told["seals"]) == (0, [], 1)
    assert told["rows"] > 0


def test_a_seal_that_was_exported_finds_that_the_end_was_cut_off(sealed, installation):
    exported = sealed("audit", "export-seal").output.strip()
    assert sealed("audit", "verify", "--expect", exported).exit_code == 0

    forge(installation, "DELETE FROM audit_seal")

    assert sealed("audit", "verify").exit_code == 0
    result = sealed("audit", "verify", "--expect", exported)
    assert result.exit_code == 1
    assert "Seal 1 was exported, and is not there any more." in result.output


def test_a_seal_is_exported_for_scripts_too(sealed):
    line = sealed("audit", "export-seal", "--payer", "Payer").output.strip()
    [seal] = sealed.json("audit", "export-seal")["seals"]

    assert line == f"{seal['payer']}:{seal['number']}:{seal['digest']}"


def test_nothing_is_exported_where_nothing_is_sealed(beside_the_wire):
    assert beside_the_wire.json("audit", "export-seal") == {"seals": []}
    told = beside_the_wire("audit", "export-seal")
    assert (told.exit_code, told.stderr.startswith("Error: Nothing is sealed yet")) == (1, True)


@pytest.mark.parametrize("expected", ["", "a:b", "a:x:c", "a:1:"])
def test_what_is_no_seal_is_bad_usage(sealed, expected):
    assert sealed("audit", "verify", "--expect", expected).exit_code == 2


def test_a_seal_of_a_payer_that_is_not_here_is_refused(sealed):
    result = sealed("audit", "verify", "--expect", "nobody:1:abc")

    assert result.exit_code == 1
    assert "no payer nobody" in result.stderr

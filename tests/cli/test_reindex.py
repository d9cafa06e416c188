"""`eclaims db reindex`: what is stored is found again."""

import json

import pytest

from app.domain.parties import Scope
from app.domain.search.query import Has, Search, TokenMatch
from app.settings import read as read_settings
from app.store import tables
from tests.rows import Rows

BASE = ("--base-url", "http://gateway.test")


def loaded(eclaims, folder, how_many):
    """Patients that the payer keeps, each with an identifier of its own."""
    file = folder / "patients.ndjson"
    patients = [
        {"resourceType": "Patient", "id": f"p{number}", "identifier": [{"value": f"v{number}"}]}
        for number in range(how_many)
    ]
    file.write_text("\n".join(map(json.dumps, patients)))
    eclaims.json("load", file)


def opened(eclaims):
    from app import create_installation

    return create_installation(read_settings(eclaims.instance, {}))


def index(store):
    return [Rows(store).of(table) for table in tables.SEARCH_TABLES]


def found(installation, payer, value):
    search = Search("Patient", (Has(("identifier",), (TokenMatch(value),)),))
    page = installation.read(Scope(payer), lambda work: work.search.page(search, 5))
    return [stored.id for stored, _ in page.found]


@pytest.mark.usefixtures("plain")
def test_a_database_of_another_revision_is_not_indexed(installed):
    installed.json("db", "downgrade", "0004", "--yes")

    result = installed("db", "reindex", *BASE)

    assert result.exit_code == 1
    assert "eclaims db upgrade" in result.stderr
    installed.json("db", "upgrade")
    assert installed("db", "reindex", *BASE).exit_code == 0


def test_without_the_origin_that_clients_reach_nothing_is_indexed(installed):
    refused, done = installed("db", "reindex"), installed("db", "reindex", *BASE)

    assert (refused.exit_code, done.exit_code) == (1, 0)
    assert "--base-url" in refused.stderr


def test_references_by_our_own_address_stay_ours(installed, tmp_path):
    file = tmp_path / "coverage.json"
    patient = {"reference": "http://gateway.test/fhir/r4/Patient/p1"}
    file.write_text(json.dumps({"resourceType": "RelatedPerson", "id": "r1", "patient": patient}))
    installed.json("load", file)

    installed.json("db", "reindex", *BASE)

    installation = opened(installed)
    [row] = Rows(installation.store).of(tables.search_reference)
    installation.store.close()
    assert (row["target_type"], row["target_id"]) == ("Patient", "p1")


@pytest.mark.usefixtures("plain")
def test_what_was_stored_before_the_index_is_found_after(installed, tmp_path):
    loaded(installed, tmp_path, 230)
    payer = installed.json("payer", "list")[0]["payer_id"]
    installation = opened(installed)
    before = index(installation.store)
    installation.store.close()
    installed.json("db", "downgrade", "0004", "--yes")
    installed.json("db", "upgrade")
    installation = opened(installed)
    assert not any(index(installation.store))
    assert found(installation, payer, "v229") == []

    told = installed.json("db", "reindex", *BASE)

    assert index(installation.store) == before
    assert found(installation, payer, "v229") == ["p229"]
    rows = sum(map(len, before))
    assert told == {"resources": resources(installation), "rows": rows}
    # Again changes nothing.
    again = installed("db", "reindex", *BASE)
    assert (
        again.stdout == f"{told['resources']} resources are indexed; 0 rows of the index changed.\n"
    )
    assert index(installation.store) == before
    installation.store.close()


def resources(installation):
    return len(Rows(installation.store).of(tables.resource))

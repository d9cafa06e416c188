"""What an operator changes of an installation is in the audit, and with the change."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.fhir.validation import check
from app.gateway.administering.administration import NameTaken
from app.store import tables


@pytest.fixture
def told(rows):
    """What the operator did, as the audit has it, but for what a new payer is given."""

    def told():
        found = [row for row in rows.of(tables.audit, actor="operator") if row["action"] != "load"]
        return [(row["action"], row["type"], row["resource_id"]) for row in found]

    return told


def test_what_was_refused_is_not_told(administration, registry, told):
    client = registry.submitter().client
    before = told()

    with pytest.raises(NameTaken):
        administration.add_client(replace(client, id="another"))

    assert told() == before
    administration.add_client(replace(client, id="another", name="Another"))
    assert told() == [*before, ("register", "Client", "another")]


def test_clients_and_rules_are_told(administration, registry, payer, told):
    client = registry.payer_client().client
    administration.rotate(client)
    administration.disable(client)
    registry.settle_rules(keep_polls=timedelta(days=3))

    assert told() == [
        ("register", "Payer", payer.id),
        ("register", "Client", client.id),
        ("rotate", "Client", client.id),
        ("disable", "Client", client.id),
        ("configure", "Payer", payer.id),
    ]


def test_they_are_valid_events(auditor, rows, registry):
    registry.settle_rules(keep_polls=timedelta(days=3))

    for row in rows.of(tables.audit, actor="operator"):
        event = auditor.get(f"AuditEvent/{row['seq']}")
        assert (event.status, check(event.document)) == (200, [])
    assert event.document["entity"][0]["what"]["identifier"]["value"] == registry.payer.id

"""Access tokens in the audit: given and refused, told to an auditor without the token."""

from app.fhir.validation import check
from app.gateway.auditing.access_tokens import granted, refused, token_hash
from app.store import tables

JTI = "a token's id, which is nobody's to know"


def told(installation, client, event):
    installation.write(client.scope, lambda work: work.audit.add(event))


def test_a_refusal_names_the_client_and_why(installation, submitter, rows, auditor):
    told(installation, submitter, refused(submitter, "invalid_scope", "request-1"))

    [row] = rows.of(tables.audit, action="denied")
    event = auditor.get(f"AuditEvent/{row['seq']}").document
    assert (row["actor"], row["outcome"]) == (submitter.id, "invalid_scope")
    assert (check(event), event["outcome"], event["outcomeDesc"]) == ([], "4", "invalid_scope")
    assert event["entity"][0]["what"]["identifier"]["value"] == submitter.id


def test_a_token_is_told_by_a_hash_of_its_id(installation, submitter, rows, auditor):
    told(installation, submitter, granted(installation, submitter, JTI, "request-1"))

    [row] = rows.of(tables.audit, action="token")
    event = auditor.get(f"AuditEvent/{row['seq']}").document
    assert row["token_hash"] == token_hash(installation, JTI)
    assert JTI not in str(row)
    assert (check(event), event["outcome"], event["type"]["code"]) == ([], "0", "110114")
    assert event["agent"][0]["policy"] == [
        f"https://eclaims-gateway.org/fhir/token/{row['token_hash']}"
    ]
    found = auditor.get("AuditEvent?type=110114").document
    assert [entry["resource"]["id"] for entry in found["entry"]] == [str(row["seq"])]

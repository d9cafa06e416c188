"""Nothing of a patient gets into the audit: no name, no number, no value searched for."""

import json

from sqlalchemy import select

from app.store import tables
from tests.builders import TASK_SYSTEM, a_claim, a_task, an_input, identifier
from tests.bundles import a_patient, batch, posted

FORM = "application/x-www-form-urlencoded"
MARKS = [f"MARKER{nth}" for nth in range(23)]


def everything_told(store):
    """The rows of the audit as one text."""
    query = select(tables.audit)
    return json.dumps(
        store.read(lambda c: [list(map(str, row)) for row in c.execute(query)]), indent=1
    )


def test_no_row_of_the_audit_holds_a_value_of_anybodys(wire, auditor, worker, store):
    mark = iter(MARKS)
    used = []

    def marked():
        used.append(next(mark))
        return used[-1]

    name = [{"family": marked(), "given": [marked()]}]
    patient = wire.post("Patient", a_patient(marked(), name=name)).reference
    about = {"reference": patient, "display": marked()}
    claim = wire.post("Claim", a_claim(number=marked(), patient=about))
    assert claim.status == 201
    wire.post("Claim", a_claim(), Idempotency_Key=marked())
    wire.task(a_task("status", number=marked(), focus=claim.reference, description=marked()))
    wire.task(a_task("cancel", focus={"identifier": identifier(TASK_SYSTEM, marked())}))
    worker.drain()
    wire.task(a_task("poll", inputs=[an_input("count", valuePositiveInt=10)]))
    for client in (wire, auditor):
        client.get(f"Patient?family={marked()}&identifier=x|{marked()}")
        client.post("Claim/_search", f"patient.name={marked()}".encode(), Content_Type=FORM)
        client.get(f"Patient/{marked()}")
        client.get(f"Patient/{marked()}/_history/1")
        client.get(f"Patient/{marked()}/_history")
    batch(wire, posted(a_patient(marked())))
    refused = auditor.post("Claim", a_claim(number=marked()))
    assert refused.status == 403

    told = everything_told(store)
    assert len(used) == len(MARKS)
    assert [each for each in used if each in told] == []
    # It would be found if it were there.
    assert claim.document["id"] in told

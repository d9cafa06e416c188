"""What is indexed as it is written is what its text is found by."""

from app.gateway.administering.reindex import reindex
from tests.builders import a_claim


def test_a_claim_and_its_decision_are_indexed_as_their_texts_are(
    desk, insured, worker, installation
):
    patient = {"identifier": {"system": "http://payer.test/person", "value": "P1"}}
    organization = {"resourceType": "Organization", "id": "clinic", "name": "Happy Valley"}
    insurer = {"reference": "#clinic", "display": "Payer"}
    desk.create(a_claim(prices=["80.00", "0.10"], patient=patient, note=None))
    desk.create(a_claim(use="predetermination"))
    desk.create(
        a_claim(contained=[organization], insurer=insurer, payee=None, enterer={"display": "A"})
    )
    assert worker.drain() == 3

    progress = list(reindex(installation))

    # Three Claims, their ClaimResponses, the EOBs of two, and what the payer keeps.
    assert sum(each.resources for each in progress) > 8
    assert sum(each.rows for each in progress) == 0

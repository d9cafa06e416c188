"""The proof of a payment, read for people: who is paid is named as they know it.

Docs: docs/payments.md.
"""

from collections.abc import Iterable
from dataclasses import replace

from app.domain.parties import Payer, Scope
from app.domain.proofs import Proof
from app.fhir import json_text
from app.gateway.installation import Installation


def proof_of(
    installation: Installation, payers: Iterable[Payer], payment_id: str
) -> tuple[Payer, Proof] | None:
    """The proof of a payment of one of these payers, and whose it is; None where none has it.

    Raises Unbalanced where the books of the payment do not agree.
    """
    for payer in payers:
        proof = installation.read(Scope(payer.id), lambda work: work.proofs.find(payment_id))
        if proof is not None:
            return payer, replace(proof, payee=_name(proof.payee))
    return None


def _name(reference: str) -> str:
    """How a party is told: its name, its identifier, its reference; what there is of them."""
    document = json_text.parsed(reference or "{}")
    identifier = document.get("identifier", {})
    parts = (document.get("display"), identifier.get("value"), document.get("reference"))
    return ", ".join(dict.fromkeys(part for part in parts if part)) or "not named"

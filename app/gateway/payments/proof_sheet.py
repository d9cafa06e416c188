"""The proof sheet of a payment, as rows of text: what every form of it is made of.

Docs: docs/payments.md.
"""

import io
from dataclasses import dataclass
from typing import Any

from app.domain.parties import Payer
from app.domain.proofs import Proof
from app.gateway.payments.formula_free_csv import write_csv

DETAIL_COLUMNS = ("No.", "Claim", "Type", "Amount", "Carried forward before")
LEFT_OUT_COLUMNS = ("Claim", "Reason", "Amount")
LONGEST_NAME = 500


@dataclass(frozen=True, slots=True)
class ProofSheet:
    """Amounts are spelled in the currency's minor unit; facts and equation are pairs."""

    title: str
    currency: str
    facts: tuple[tuple[str, str], ...]
    equation: tuple[tuple[str, str], ...]
    details: tuple[tuple[str, ...], ...]
    left_out: tuple[tuple[str, ...], ...]


def proof_sheet(payer: Payer, proof: Proof) -> ProofSheet:
    """The sheet of a proof."""
    return ProofSheet(
        title=f"PaymentReconciliation/{proof.payment_id}",
        currency=proof.currency,
        facts=(
            ("Payer", payer.name),
            ("Payee", _bounded(proof.payee)),
            ("Paid on", proof.issued_on.isoformat()),
            ("Currency", proof.currency),
        ),
        equation=tuple((name, f"{money.amount:f}") for name, money in proof.equation),
        details=tuple(
            (
                str(line.position),
                f"Claim/{line.claim_id}",
                str(line.type),
                _amount(proof, line.units),
                _amount(proof, line.brought),
            )
            for line in proof.lines
        ),
        left_out=tuple(
            (f"Claim/{each.claim_id}", str(each.fault), _amount(proof, each.units))
            for each in proof.left_out
        ),
    )


def as_csv(sheet: ProofSheet) -> bytes:
    """Sections one below the other, each row led by the name of its section; UTF-8, RFC 4180."""
    sections = (
        ("Payment", (("Reconciliation", sheet.title), *sheet.facts)),
        ("Equation", sheet.equation),
        ("Details", (DETAIL_COLUMNS, *sheet.details)),
        ("Left out", (LEFT_OUT_COLUMNS, *sheet.left_out)),
    )
    file = io.StringIO(newline="")
    write_csv(file, ((name, *row) for name, rows in sections for row in rows))
    return file.getvalue().encode()


def as_document(sheet: ProofSheet) -> dict[str, Any]:
    """The same for programs."""
    columns = ("position", "claim", "type", "amount", "carried")
    return {
        "payment": sheet.title,
        **{name.lower().replace(" ", "_"): value for name, value in sheet.facts},
        "equation": {name.lower().replace(" ", "_"): value for name, value in sheet.equation},
        "details": [dict(zip(columns, row, strict=True)) for row in sheet.details],
        "left_out": [
            dict(zip(("claim", "reason", "amount"), row, strict=True)) for row in sheet.left_out
        ],
    }


def _amount(proof: Proof, units: int) -> str:
    return f"{proof.money(units).amount:f}"


def _bounded(name: str) -> str:
    """A name, an identifier and a reference as far as somebody reads them."""
    return name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}..."

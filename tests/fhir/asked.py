"""Builders for the tests of what is read and written: official examples, an answer, a decision."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from fhir.resources.R4B import get_fhir_model_class

from app.domain.adjudication import Amount, Category, Decided, DecidedLine, Note
from app.domain.claims import Claim, Line
from app.domain.codes import Coding
from app.domain.issues import Issue
from app.domain.money import Money
from app.domain.references import Identifier
from app.fhir import json_text
from app.fhir.answers.writing import Answering
from app.fhir.business.claims import read_claim
from app.fhir.validation import check

BASE = "http://127.0.0.1:8080/fhir/r4"
EXAMPLES = Path(__file__).parent.parent / "fhir_examples"
CLAIMS = sorted(path.stem for path in EXAMPLES.glob("Claim-*.json"))
CARC = "https://x12.org/codes/claim-adjustment-reason-codes"


def example(name: str) -> dict[str, Any]:
    """An official example, its decimals exact."""
    text = (EXAMPLES / f"{name}.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text, parse_float=Decimal)
    return document


def an_answering(request: dict[str, Any], **changes: Any) -> Answering:
    """An answer of the payer "National Insurers" to this request."""
    fields = {
        "request": request,
        "request_reference": f"{request['resourceType']}/{request['id']}",
        "payer_name": "National Insurers",
        "payer_identifier": Identifier("http://nationalinsurers.com/identifiers", "12345"),
        "identifier": Identifier("http://nationalinsurers.com/response", "R-1"),
        "created": datetime(2026, 3, 1, 9, 30, tzinfo=UTC),
    }
    return Answering(**{**fields, **changes})


def a_decision(request: dict[str, Any]) -> Decided:
    """80 % of every leaf; groups and totals are sums. Not what an adjudicator would say."""
    claim = read_claim(request, BASE)
    lines = tuple(_decided(line) for line in claim.lines)
    return Decided(
        lines=lines,
        totals=_summed(lines),
        disposition="Decided as per contract & <policy>.",
        notes=(Note(1, "Coinsurance of 20 %."),),
    )


def _decided(line: Line) -> DecidedLine:
    below = tuple(_decided(each) for each in line.lines)
    if below:
        return DecidedLine(line.path, _summed(below), (), below)
    net = line.net or Money(Decimal("0.00"), "USD")
    share = Money(net.amount * Decimal("0.2"), net.currency).rounded()
    return DecidedLine(
        line.path,
        (
            Amount(Category.SUBMITTED, net),
            Amount(Category.COINSURANCE, share, (Coding(CARC, "2"),)),
            Amount(Category.BENEFIT, net - share),
        ),
        (1,),
    )


def _summed(lines: tuple[DecidedLine, ...]) -> tuple[Amount, ...]:
    sums: dict[Category, Money] = {}
    for line in lines:
        for row in line.amounts:
            so_far = sums.get(row.category, Money.zero(row.money.currency))
            sums[row.category] = so_far + row.money
    return tuple(Amount(category, money) for category, money in sums.items())


def findings(document: dict[str, Any]) -> list[Issue]:
    """What our check finds in a document as it is sent; raises where fhir.resources refuses it."""
    text = json_text.write(document)
    get_fhir_model_class(document["resourceType"]).model_validate_json(text)
    return check(json.loads(text, parse_float=Decimal))


def local_references(value: Any) -> list[str]:
    """Every reference into a container, anywhere in a document."""
    if isinstance(value, list):
        return [found for each in value for found in local_references(each)]
    if not isinstance(value, dict):
        return []
    here = value.get("reference")
    mine = [here] if isinstance(here, str) and here.startswith("#") else []
    return mine + [found for each in value.values() for found in local_references(each)]


def leaves(claim: Claim) -> list[Line]:
    """Every line without lines below it."""

    def below(line: Line) -> list[Line]:
        return [leaf for each in line.lines for leaf in below(each)] or [line]

    return [leaf for line in claim.lines for leaf in below(line)]

"""The plans that come with the gateway: a family's dentist and an emergency, in USD.

The amounts are calculated by hand from app/cli/shipped_plans; docs/plans.md says in words what the
plans say. Nobody of the family has used anything of a deductible before.
"""

from __future__ import annotations

from typing import Any

from app.cli.demo import documents
from app.cli.demo.actions import submitted
from app.cli.demo.walk import Step, Walk

_DENTAL = "http://example.org/fhir/oralservicecodes"
_MEDICAL = "http://payer.example/service"
# One day for all of it, also where a run passes midnight: late claims are not paid, and what is
# agreed on holds for its days.
_DAY = documents.today()
_CROWN = ("27211", "1000.00")


def _claim(
    number: str, member: str, system: str, *items: tuple[str, str], **elements: Any
) -> documents.Document:
    """A Claim of `items`: the code of a service, and its price in USD."""
    priced = tuple((code, 1, price) for code, price in items)
    document = documents.claim(
        number,
        *priced,
        member=member,
        serviced=_DAY,
        priority=documents.urgent(),
        billablePeriod={"start": _DAY, "end": _DAY},
        **elements,
    )
    for item in document["item"]:
        item["productOrService"]["coding"][0]["system"] = system
        item["unitPrice"]["currency"] = item["net"]["currency"] = "USD"
    document["total"]["currency"] = "USD"
    return document


def _crown_as_agreed(walk: Walk) -> documents.Document:
    agreed = walk.wire.get(walk.references["answer to agreed crown"]).document["preAuthRef"]
    items = (_CROWN, ("21211", "105.00"), ("1200", "135.57"))
    return documents.quoting(agreed, _claim("S-2", "D1001-0", _DENTAL, *items))


SHIPPED_PLANS = (
    # A crown is 900.00 at most; 50.00 deductible, 50 % of 850.00.
    Step(
        "Dental plan: may a crown be done?",
        submitted(
            lambda _: _claim("S-1", "D1001-0", _DENTAL, _CROWN, use="preauthorization"),
            "agreed crown",
            is_urgent=True,
        ),
        "201 ClaimResponse complete submitted 1000.00, contractual 100.00, deductible 50.00, "
        "coinsurance 425.00, benefit 425.00 USD",
    ),
    # The same for the crown, in the Claim; the filling is 95.00, 20 % of it the member's; the
    # examination is 120.00 and free. 425.00 + 76.00 + 120.00.
    Step(
        "Dental plan: the crown, a filling, an examination",
        submitted(_crown_as_agreed, "crown as agreed", is_urgent=True),
        "201 ClaimResponse complete submitted 1240.57, contractual 125.57, deductible 50.00, "
        "coinsurance 444.00, benefit 621.00 USD",
    ),
    Step(
        "Dental plan: a crown that nobody asked for before",
        submitted(
            lambda _: _claim("S-3", "D1001-1", _DENTAL, _CROWN), "crown unasked", is_urgent=True
        ),
        "201 ClaimResponse complete submitted 1000.00, contractual 1000.00, benefit 0.00 USD",
    ),
    # 700.00 for the emergency: 500.00 deductible, 150.00 copay, 20 % of 50.00. 90.00 for the x-ray:
    # 20 %. 40.00 + 72.00.
    Step(
        "Medical plan: an emergency with an x-ray",
        submitted(
            lambda _: _claim(
                "S-4", "M1001-2", _MEDICAL, ("emergency-visit", "820.00"), ("x-ray", "95.00")
            ),
            "emergency",
            is_urgent=True,
        ),
        "201 ClaimResponse complete submitted 915.00, contractual 125.00, deductible 500.00, "
        "copay 150.00, coinsurance 28.00, benefit 112.00 USD",
    ),
)

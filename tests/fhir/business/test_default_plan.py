"""The plan of `init`."""

from decimal import Decimal

from app.domain.codes import Coding
from app.domain.plan import Benefit, CostKind, CostShare, Plan
from app.fhir.business.default_plan import default_plan
from app.fhir.plans import read_plan
from tests.fhir.asked import findings

PLAN = "https://eclaims-gateway.org/fhir/CodeSystem/plan"


def test_the_default_plan_covers_everything_at_twenty_percent():
    plan = read_plan(default_plan())

    assert findings(default_plan()) == []
    assert plan == Plan(
        identifier="default",
        version=plan.version,
        benefits=(
            Benefit(
                Coding(PLAN, "general", "General"),
                (CostShare(CostKind.COINSURANCE, Decimal(20)),),
            ),
        ),
    )

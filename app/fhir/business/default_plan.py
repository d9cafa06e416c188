"""The InsurancePlan that `init` gives a payer.

http://hl7.org/fhir/R4/insuranceplan.html
"""

from app.domain.canonical import CANONICAL, PLAN
from app.domain.plan import CostKind
from app.fhir.documents import Document


def default_plan() -> Document:
    """Everything is of category `general`, the patient owes 20 %, and there is nothing else."""
    general = {"coding": [{"system": PLAN, "code": "general", "display": "General"}]}
    coinsurance = {"coding": [{"system": PLAN, "code": CostKind.COINSURANCE.value}]}
    percent = {"value": 20, "unit": "%", "system": "http://unitsofmeasure.org", "code": "%"}
    share = {"type": general, "cost": [{"type": coinsurance, "value": percent}]}
    return {
        "resourceType": "InsurancePlan",
        "identifier": [{"system": f"{CANONICAL}/plan", "value": "default"}],
        "status": "active",
        "name": "Default plan",
        "coverage": [{"type": general, "benefit": [{"type": general}]}],
        "plan": [{"specificCost": [{"category": general, "benefit": [share]}]}],
    }

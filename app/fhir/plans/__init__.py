"""Reading an InsurancePlan after the plan profile.

What is not understood is refused, never passed over: a rule that a payer wrote and that nobody
applies would pay wrongly without a word. `plan` is the whole, `costs`, `benefits` and
`service_limits` its parts, `reading` what they share.
http://hl7.org/fhir/R4/insuranceplan.html
"""

from app.fhir.plans.costs import GeneralCost
from app.fhir.plans.extensions import (
    AUTHORIZATION_REQUIRED,
    COORDINATION,
    LIMIT_PER,
    LIMIT_PERIOD,
    LIMIT_SERVICE,
    LIMIT_SEX,
    TIMELY_FILING,
    WAITING_PERIOD,
)
from app.fhir.plans.plan import read_plan
from app.fhir.plans.service_limits import ServiceLimit

__all__ = [
    "AUTHORIZATION_REQUIRED",
    "COORDINATION",
    "LIMIT_PER",
    "LIMIT_PERIOD",
    "LIMIT_SERVICE",
    "LIMIT_SEX",
    "TIMELY_FILING",
    "WAITING_PERIOD",
    "GeneralCost",
    "ServiceLimit",
    "read_plan",
]

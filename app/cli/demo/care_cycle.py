"""The care cycle: every step of the demo with the answer that it must get.

Phase by phase in app/cli/demo/steps. The amounts are calculated by hand from data/plan.json and
data/prices.json, those of the last phase from app/cli/shipped_plans. The plan: the first 100.00 a
year are the member's, then 20 % of restorations; an examination is free. The prices: examination
35.00, filling 90.00, crown 400.00, implant 1000.00 with an x-ray; what a dentist charges above is
written off.
http://hl7.org/fhir/R4/financial-module.html
"""

from __future__ import annotations

from app.cli.demo.steps.afterwards import AFTERWARDS
from app.cli.demo.steps.before_treatment import BEFORE_TREATMENT
from app.cli.demo.steps.official_tasks import OFFICIAL_TASKS
from app.cli.demo.steps.payment import PAYMENT
from app.cli.demo.steps.polling import POLLING
from app.cli.demo.steps.refusals import REFUSALS
from app.cli.demo.steps.rest import REST
from app.cli.demo.steps.shipped_plans import SHIPPED_PLANS
from app.cli.demo.steps.treatment import TREATMENT

CARE_CYCLE = (
    *BEFORE_TREATMENT,
    *TREATMENT,
    *POLLING,
    *REST,
    *AFTERWARDS,
    *REFUSALS,
    *OFFICIAL_TASKS,
    *PAYMENT,
    *SHIPPED_PLANS,
)

"""An InsurancePlan as a whole.

http://hl7.org/fhir/R4/insuranceplan.html
"""

import hashlib
import json
from dataclasses import replace

from app.domain.claims import Days
from app.domain.issues import Unacceptable
from app.domain.plan import Coordination, Plan
from app.fhir.business.networks import read_networks
from app.fhir.documents import Document, days_of, extension_of, identifiers_of
from app.fhir.plans.benefits import read_benefits
from app.fhir.plans.costs import GeneralCost, read_general_costs, read_specific_costs
from app.fhir.plans.extensions import COORDINATION, TIMELY_FILING
from app.fhir.plans.reading import Reading


def read_plan(document: Document, base: str = "") -> Plan:
    """Read an InsurancePlan; raises Unacceptable with everything that the profile does not know.

    Networks named by an address under `base` are the payer's own Organizations.

    `version` is a digest of the content, without `meta` and `text`.
    """
    reading = Reading()
    plan = _plan(document, reading)
    networks = read_networks(document, base, reading.refuse)
    if reading.issues:
        raise Unacceptable(*reading.issues)
    return replace(plan, networks=networks)


def _plan(document: Document, reading: Reading) -> Plan:
    identifiers = identifiers_of(document)
    if not identifiers:
        reading.refuse("InsurancePlan.identifier", "A Coverage names a plan by its identifier.")
    period = days_of(document.get("period")) or Days(None, None)
    plans = document.get("plan", [])
    if len(plans) > 1:
        reading.refuse("InsurancePlan.plan[1]", "An InsurancePlan has one plan entry.")
    costs = read_general_costs(plans[0] if plans else {}, reading)
    shares = read_specific_costs(plans[0] if plans else {}, reading)
    benefits = read_benefits(document, shares, reading)
    filing = reading.span(document, TIMELY_FILING, "InsurancePlan")
    return Plan(
        identifier=identifiers[0].value if identifiers else "",
        version=_digest(document),
        currency=reading.currency,
        starts_on=period.first,
        ends_on=period.last,
        deductible_individual=costs.get(GeneralCost.DEDUCTIBLE_INDIVIDUAL),
        deductible_family=costs.get(GeneralCost.DEDUCTIBLE_FAMILY),
        out_of_pocket_individual=costs.get(GeneralCost.OUT_OF_POCKET_INDIVIDUAL),
        out_of_pocket_family=costs.get(GeneralCost.OUT_OF_POCKET_FAMILY),
        amount_per_year=costs.get(GeneralCost.AMOUNT_PER_YEAR),
        timely_filing_days=None if filing is None else filing.days,
        timely_filing_months=0 if filing is None else filing.months,
        benefits=benefits,
        coordination=_coordination(document, reading),
    )


def _coordination(document: Document, reading: Reading) -> Coordination:
    code = (extension_of(document, COORDINATION) or {}).get("valueCode", "standard")
    if code in Coordination.__members__.values():
        return Coordination(code)
    here = f"InsurancePlan.extension('{COORDINATION}')"
    reading.refuse(here, f"Expected one of {', '.join(Coordination)}, got {code!r}.")
    return Coordination.STANDARD


def _digest(document: Document) -> str:
    content = {name: value for name, value in document.items() if name not in ("meta", "text")}
    text = json.dumps(content, sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()

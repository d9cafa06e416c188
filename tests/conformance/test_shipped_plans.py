"""HL7's example Claims under the plans that come with the gateway, on 2015-11-01.

Each Claim has its page in tests/conformance/golden: the decision row by row, and where every figure
comes from. http://hl7.org/fhir/R4/claim-examples.html
"""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.cli.shipped_plans import files_of
from app.domain.parties import DuplicateClaims
from app.fhir import json_text
from tests.builders import a_claim, a_task

EXAMPLES = Path(__file__).parents[1] / "fhir_examples"
GOLDEN = Path(__file__).parent / "golden"
ON_THE_DAY = datetime(2015, 11, 1, 9, 30, tzinfo=UTC)
CLASSES = "http://terminology.hl7.org/CodeSystem/coverage-class"
CLAIMS = {
    "dental": "100150 100151 100152 100153 100154 100155 100156".split(),
    "medical": ("660150 660151 660152 760150 760151 760152 860150 960150 960151 MED-00050".split()),
}
# In network are the provider whom most Claims name, and the dentist of 100152.
IN_NETWORK = {
    "gastroenterology": {"reference": "Organization/1"},
    "dentist": {
        "identifier": {"system": "http://www.jurisdiction.com/oralhealthoffices", "value": "3456"}
    },
}
RUSH = {"system": "http://terminology.hl7.org/CodeSystem/modifiers", "code": "rooh"}
NATIONAL_PLAN = {"system": "http://www.jurisdiction.com/nationalplan", "value": "123AB345"}


@pytest.fixture
def backend():
    """One database: what is decided is the adjudicator's, and other tests hold it on both."""
    return "sqlite"


def example(name):
    return json_text.parsed((EXAMPLES / f"{name}.json").read_text())


def insured_under(coverage, plan, **elements):
    """A Coverage of HL7's as the payer keeps it: under a plan, in force on the day."""
    kind = {"coding": [{"system": CLASSES, "code": "plan"}]}
    return {**coverage, "class": [{"type": kind, "value": plan}], **elements}


def coverages(plan):
    """9876B1, extended and Patient/1's; and the one in MED-00050, as its payer has it."""
    certificate = example("Coverage-9876B1")
    yield insured_under(
        certificate,
        plan,
        identifier=[*certificate["identifier"], NATIONAL_PLAN],
        beneficiary={"reference": "Patient/1"},
        period={"start": "2011-05-23"},
    )
    contained = example("Claim-MED-00050")["contained"]
    [other] = [one for one in contained if one["resourceType"] == "Coverage"]
    patient = {"display": "Alvina Ashcraft"}
    yield insured_under(other, plan, id="10138556", beneficiary=patient, subscriber=patient)


def prepared(core, name):
    """What the payer keeps: the shipped set, the Coverages, and who is in network."""
    network = {"reference": f"Organization/example-{name}-network"}
    resources = [example("Organization-1"), *coverages(f"example-{name}")]
    for id, participant in IN_NETWORK.items():
        affiliation = {"organization": network, "participatingOrganization": participant}
        resources.append({"resourceType": "OrganizationAffiliation", "id": id, **affiliation})
    for file in files_of(name):
        document = json_text.parsed(file.read_text())
        entries = document.get("entry", [{"resource": document}])
        resources += (entry["resource"] for entry in entries)
    for one in resources:
        assert core.put(f"{one['resourceType']}/{one['id']}", one).status == 201


def row(adjudication):
    reasons = [coding["code"] for coding in adjudication.get("reason", {}).get("coding", [])]
    told = f"{adjudication['category']['coding'][0]['code']} {adjudication['amount']['value']}"
    return f"{told} ({', '.join(reasons)})" if reasons else told


def lines(parent, tier=0, above=""):
    """Every line of a decision with its path and its rows."""
    names = ("item", "detail", "subDetail")
    for line in parent.get(names[tier], []) if tier < len(names) else ():
        path = f"{above}{line[f'{names[tier]}Sequence']}"
        yield f"{path}: {', '.join(map(row, line['adjudication']))}"
        yield from lines(line, tier + 1, f"{path}.")


def decision(response, status):
    """A decision as its page shows it; of a Claim that waits or is wrong, for what or how."""
    if response["outcome"] == "queued":
        return [f"queued, awaiting {status.output('awaiting')}"]
    if response["outcome"] == "error":
        return ["error", *(error["code"]["coding"][0]["code"] for error in response["error"])]
    assert {total["amount"]["currency"] for total in response["total"]} == {"USD"}
    return ["complete", *lines(response), f"total: {', '.join(map(row, response['total']))}"]


def page(name):
    return (GOLDEN / f"Claim-{name}.md").read_text()


def shown(text):
    [block] = re.findall(r"^```text\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return block.splitlines()


@pytest.fixture(params=["dental", "medical"])
def plan(request):
    return request.param


def test_every_example_claim_is_decided_as_its_page_says(plan, wire, core, worker, clock, registry):
    clock.now = ON_THE_DAY
    registry.settle_rules(duplicate_claim_identifier=DuplicateClaims.ACCEPT)
    prepared(core, plan)
    answers = {}
    for name in CLAIMS[plan]:
        taken = wire.post("Claim", (EXAMPLES / f"Claim-{name}.json").read_text())
        assert (taken.status, taken.errors) == (201, [])
        related = taken.headers["Link"].partition(">")[0].rpartition("/fhir/r4/")[2]
        # One after the other: what is decided of one is known to the next.
        worker.drain()
        status = wire.task(a_task("status", focus=taken.reference))
        answers[name] = decision(wire.get(related).document, status)
    assert answers == {name: shown(page(name)) for name in CLAIMS[plan]}


def test_an_examination_out_of_hours_has_a_price_of_its_own(wire, core, worker):
    prepared(core, "medical")
    system, rush = "http://hl7.org/fhir/ex-serviceproduct", {"coding": [RUSH]}
    claim = a_claim(prices=["160.00"], coverage={"reference": "Coverage/9876B1"})
    [item] = claim["item"]
    item |= {"productOrService": {"coding": [{"system": system, "code": "exam"}]}}
    for money in (item["unitPrice"], item["net"], claim["total"]):
        money["currency"] = "USD"
    claim |= {"provider": {"reference": "Organization/1"}}
    days = ["2026-02-27", "2026-02-28"]
    benefits = []
    for day, modified in zip(days, ({}, {"modifier": [rush]}), strict=True):
        number = [{"system": "http://happyvalley.test/claim", "value": day}]
        claimed = {**item, "servicedDate": day, **modified}
        taken = wire.post("Claim", {**claim, "identifier": number, "item": [claimed]})
        worker.drain()
        related = taken.headers["Link"].partition(">")[0].rpartition("/fhir/r4/")[2]
        benefits.append(row(wire.get(related).document["item"][0]["adjudication"][-1]))

    # 110.00 and 150.00, less the copay of 25.00.
    assert benefits == ["benefit 85.00", "benefit 125.00"]


def test_every_example_claim_has_a_page_and_most_are_paid():
    names = [name for each in CLAIMS.values() for name in each]
    totals = [shown(page(name))[-1] for name in names]

    assert sorted(f"Claim-{name}" for name in names) == sorted(
        path.stem for path in EXAMPLES.glob("Claim-*.json")
    )
    assert {path.stem for path in GOLDEN.iterdir()} == {f"Claim-{name}" for name in names}
    paid = [total for total in totals if re.search(r"benefit [1-9]", total)]
    assert (len(names), len(paid)) == (17, 12)

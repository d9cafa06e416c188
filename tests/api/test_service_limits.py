"""Limits of services and conditions of prices, from the plan that is put to the answer."""

import pytest

from tests.builders import (
    a_claim,
    a_communication,
    a_coverage,
    a_task,
    identifier,
    money,
)

CANONICAL = "https://eclaims-gateway.org/fhir"
CODES = "http://codes.test"
LATER = "2026-03-02"
THREE_YEARS = {"value": 36, "system": "http://unitsofmeasure.org", "code": "mo"}
GENERAL = {"coding": [{"system": f"{CANONICAL}/CodeSystem/plan", "code": "general"}]}


def extension(name, **value):
    return {"url": f"{CANONICAL}/StructureDefinition/{name}", **value}


def a_limit(code, *services, value=None, extensions=()):
    of = [extension("limit-service", valueCodeableConcept=coded(each)) for each in services]
    elements = {
        "extension": [*of, *extensions],
        "code": {"coding": [{"system": f"{CANONICAL}/CodeSystem/plan", "code": code}]},
        "value": value and {"value": value},
    }
    return {name: element for name, element in elements.items() if element}


def coded(code):
    return {"coding": [{"system": CODES, "code": code}]}


PLAN = {
    "resourceType": "InsurancePlan",
    "id": "limited",
    "identifier": [identifier("http://payer.test/plan", "limited")],
    "status": "active",
    "name": "Limited",
    "coverage": [
        {
            "type": GENERAL,
            "benefit": [
                {
                    "type": GENERAL,
                    "limit": [
                        a_limit("excluded-service", "9972"),
                        a_limit(
                            "frequency",
                            "1110",
                            value=1,
                            extensions=[extension("limit-period", valueDuration=THREE_YEARS)],
                        ),
                        a_limit("maximum-age", "1206", value=18),
                        a_limit(
                            "sex", "7706", extensions=[extension("limit-sex", valueCode="female")]
                        ),
                    ],
                }
            ],
        }
    ],
}


def a_group(fee, expression=None):
    group = {"priceComponent": [{"type": "base", "amount": money(fee)}]}
    condition = {"language": "text/fhirpath", "expression": expression}
    return {**group, "applicability": [condition]} if expression else group


# 60.00 for children on tooth 55, 80.00 for everybody else.
PRICE = {
    "resourceType": "ChargeItemDefinition",
    "id": "filling",
    "url": "http://payer.test/price/filling",
    "status": "active",
    "code": coded("2140"),
    "propertyGroup": [
        a_group("80.00"),
        a_group("60.00", "%age < 18 and bodySite.coding.where(code = '55').exists()"),
    ],
}


def of_plan(value):
    system = "http://terminology.hl7.org/CodeSystem/coverage-class"
    return [{"type": {"coding": [{"system": system, "code": "plan"}]}, "value": value}]


def a_member(core, member, patient=None, **elements):
    """A member of the plan, and the Patient that the payer keeps."""
    beneficiary = {"display": "Somebody"}
    if elements:
        kept = {"resourceType": "Patient", "id": f"patient-{member}", **elements}
        assert core.put(f"Patient/{kept['id']}", kept).status == 201
        beneficiary = {"reference": f"Patient/{kept['id']}"}
    coverage = a_coverage(member, beneficiary=beneficiary, **{"class": of_plan("limited")})
    assert core.put(f"Coverage/{coverage['id']}", coverage).status == 201


def of_services(member, *codes, day="2026-03-01", **item):
    """A Claim of a member's, one line of 80.00 for each service."""
    claim = a_claim(
        prices=["80.00"] * len(codes),
        serviced=day,
        coverage={"identifier": identifier("http://payer.test/member", member)},
        patient={"display": "Somebody"},
    )
    for line, code in zip(claim["item"], codes, strict=True):
        line |= {"productOrService": coded(code), **item}
    return claim


@pytest.fixture
def decided(wire, worker):
    """The rows of a Claim's lines, as category, amount and reasons."""

    def posted(claim):
        answer = wire.post("Claim", claim)
        assert answer.status == 201
        worker.drain()
        return answer.reference, read(wire, answer)

    return posted


def read(wire, answer):
    found = wire.get(f"ClaimResponse?request={answer.reference}").document["entry"]
    return [" ".join(map(told, line["adjudication"])) for line in found[0]["resource"]["item"]]


def told(row):
    why = [coding["code"] for coding in row.get("reason", {}).get("coding", ())]
    name = row["category"]["coding"][0]["code"]
    return f"{name} {row['amount']['value']}" + (f" ({', '.join(why)})" if why else "")


PAID = "submitted 80.00 eligible 80.00 benefit 80.00"


def lost(reason):
    return f"submitted 80.00 noncovered 80.00 ({reason}) benefit 0.00"


def test_a_plan_limits_services_and_a_cancel_gives_back_what_was_counted(
    wire, core, worker, decided
):
    assert core.put("InsurancePlan/limited", PLAN).status == 201
    a_member(core, "GIRL", gender="female", birthDate="2008-03-02")
    a_member(core, "MAN", gender="male", birthDate="1990")
    services = ("9972", "1110", "1206", "7706")

    girls, lines = decided(of_services("GIRL", *services))
    # Seventeen on the day of the service, and female.
    assert lines == [lost(96), PAID, PAID, PAID]
    assert decided(of_services("MAN", *services))[1] == [lost(96), PAID, lost(6), lost(7)]
    # A second cleaning within 36 months, in another Claim.
    assert decided(of_services("GIRL", "1110", day=LATER))[1] == [lost(119)]

    assert wire.post("Task", a_task("cancel", focus=girls)).document["status"] == "completed"
    assert decided(of_services("GIRL", "1110", day=LATER))[1] == [PAID]
    assert decided(of_services("GIRL", "1110"))[1] == [lost(119)]


def test_the_price_is_that_of_the_first_condition_that_holds(core, decided):
    assert core.put("InsurancePlan/limited", PLAN).status == 201
    assert core.put("ChargeItemDefinition/filling", PRICE).status == 201
    a_member(core, "GIRL", gender="female", birthDate="2008-03-02")

    at_55 = of_services("GIRL", "2140", bodySite=coded("55"))
    at_54 = of_services("GIRL", "2140", bodySite=coded("54"), day="2026-02-28")
    grown_up = of_services("GIRL", "2140", bodySite=coded("55"), day=LATER)

    child = "submitted 80.00 eligible 60.00 contractual 20.00 (45) benefit 60.00"
    assert [decided(claim)[1] for claim in (at_55, at_54, grown_up)] == [[child], [PAID], [PAID]]


def test_who_is_not_known_is_asked_for_and_then_told(wire, core, worker):
    assert core.put("InsurancePlan/limited", PLAN).status == 201
    a_member(core, "ANY")
    patient = wire.post("Patient", {"resourceType": "Patient", "gender": "female"})
    claim = {**of_services("ANY", "1206"), "patient": {"reference": patient.reference}}
    sent = wire.post("Claim", claim)

    worker.drain()
    asked = wire.get("CommunicationRequest").document["entry"][0]["resource"]
    assert asked["payload"][0]["contentString"] == (
        "Please tell the patient's birth date and sex, needed to decide on line 1."
    )

    known = {**patient.document, "birthDate": "2010-05"}
    assert wire.put(f"{patient.reference}", known).status == 200
    about = [{"reference": sent.reference}]
    assert wire.post("Communication", a_communication(about=about)).status == 201
    worker.drain()
    assert read(wire, sent) == [PAID]


@pytest.mark.parametrize(
    ("type", "document", "expression"),
    [
        (
            "ChargeItemDefinition",
            {**PRICE, "propertyGroup": [a_group("60.00", "%age <")]},
            "ChargeItemDefinition.propertyGroup[0].applicability[0]",
        ),
        (
            "InsurancePlan",
            {
                **PLAN,
                "coverage": [
                    {
                        "type": GENERAL,
                        "benefit": [{"type": GENERAL, "limit": [a_limit("frequency", value=1)]}],
                    }
                ],
            },
            "InsurancePlan.coverage[0].benefit[0].limit[0]",
        ),
    ],
    ids=["a condition", "a limit"],
)
def test_what_nobody_could_apply_is_refused_at_its_place(core, type, document, expression):
    refused = core.put(f"{type}/{document['id']}", document)

    assert (refused.status, refused.errors, refused.expressions) == (
        422,
        ["ECG-PLAN-PROFILE"],
        [expression],
    )

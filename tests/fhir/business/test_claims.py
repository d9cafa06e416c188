"""The official Claims, and the parts that none of them has."""

from datetime import date
from decimal import Decimal

import pytest

from app.domain.claims import Claim, Days, Insurance, Line
from app.domain.codes import ClaimUse, Coding
from app.domain.issues import ErrorCode, Unacceptable
from app.domain.money import Money
from app.domain.references import Identifier, Reference
from app.fhir.business.claims import read_claim
from app.fhir.validation import check
from tests.fhir.asked import BASE, CLAIMS, example, leaves

CLAIM_TYPE = "http://terminology.hl7.org/CodeSystem/claim-type"
ORAL = "http://example.org/fhir/oralservicecodes"
TAX = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Claim"


def usd(amount):
    return Money(Decimal(amount), "USD")


def taxed(path, amount):
    return [
        {
            "url": f"{TAX}.{path}.tax",
            "valueMoney": {"value": Decimal(amount), "currency": "USD"},
        }
    ]


def test_there_are_seventeen_official_claims():
    assert len(CLAIMS) == 17


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("", "use"),
        ("", "created"),
        (".insurance[0]", "focal"),
        (".insurance[0]", "sequence"),
        (".careTeam[0]", "sequence"),
        (".item[0]", "sequence"),
    ],
)
def test_an_extension_in_the_place_of_a_needed_value_is_not_enough(place, name):
    document = example("Claim-100150")
    element = document[place[1:-3]][0] if place else document
    absent = {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason"}
    element[f"_{name}"] = {"extension": [{**absent, "valueCode": "unknown"}]}
    assert read_claim(document, BASE).lines

    del element[name]

    assert check(document) == []
    with pytest.raises(Unacceptable) as refused:
        read_claim(document, BASE)
    assert [(issue.error, issue.expression) for issue in refused.value.issues] == [
        (ErrorCode.CLAIM_REQUIRED, f"Claim{place}.{name}")
    ]


def test_a_null_that_holds_the_place_of_an_extension_is_no_value():
    document = example("Claim-100150")
    extension = {"extension": [{"url": "http://example.org/why", "valueString": "?"}]}
    document["item"][0] |= {"careTeamSequence": [None, 1], "_careTeamSequence": [extension, None]}

    assert check(document) == []
    assert read_claim(document, BASE).lines[0].care_team == (1,)


def test_the_simplest_official_claim_is_read_whole():
    day = Days(date(2014, 8, 16), date(2014, 8, 16))

    assert read_claim(example("Claim-100150"), BASE) == Claim(
        use=ClaimUse.CLAIM,
        type=Coding(CLAIM_TYPE, "oral"),
        created=day,
        patient=Reference("Patient", "1"),
        provider=Reference("Organization", "1"),
        identifiers=(Identifier("http://happyvalley.com/claim", "12345"),),
        priority="normal",
        insurer=Reference("Organization", "2"),
        insurance=(Insurance(1, True, Reference("Coverage", "9876B1")),),
        care_team=(1,),
        diagnoses=(1,),
        lines=(
            Line(
                path=(1,),
                expression="Claim.item[0]",
                services=(Coding(None, "1200"),),
                serviced=day,
                unit_price=usd("135.57"),
                net=usd("135.57"),
                care_team=(1,),
            ),
        ),
    )


@pytest.mark.parametrize("name", CLAIMS)
def test_every_official_claim_is_read_with_all_of_its_lines(name):
    document = example(name)

    claim = read_claim(document, BASE)

    assert claim.use == document["use"]
    assert [line.path for line in claim.lines] == [(item["sequence"],) for item in document["item"]]
    for item, line in zip(document["item"], claim.lines, strict=True):
        assert len(line.lines) == len(item.get("detail", []))
        for detail, below in zip(item.get("detail", []), line.lines, strict=True):
            assert len(below.lines) == len(detail.get("subDetail", []))
    assert all(leaf.net is None or leaf.net.currency == "USD" for leaf in leaves(claim))


def test_three_tiers_have_their_paths_and_places():
    claim = read_claim(example("Claim-660152"), BASE)

    lens = claim.lines[0].lines[1]
    assert (lens.path, lens.expression) == ((1, 2), "Claim.item[0].detail[1]")
    assert (lens.quantity, lens.unit_price, lens.net) == (Decimal(2), usd("55.00"), usd("110.00"))
    assert lens.lines[0].path == (1, 2, 1)
    assert lens.lines[0].expression == "Claim.item[0].detail[1].subDetail[0]"
    assert lens.lines[0].modifiers == (
        Coding("http://terminology.hl7.org/CodeSystem/modifiers", "rooh"),
    )
    assert lens.categories[0].code == "F6"


def test_a_factor_is_exact():
    claim = read_claim(example("Claim-660151"), BASE)

    tax = claim.lines[0].lines[2]
    assert (str(tax.factor), tax.net) == ("0.07", usd("14.00"))


def test_coordination_keeps_order_preauthorizations_and_the_earlier_response():
    claim = read_claim(example("Claim-660152"), BASE)

    coverage = Reference("Coverage", "9876B1")
    assert claim.insurance == (
        Insurance(1, False, coverage, ("PR7652387237",), Reference("ClaimResponse", "R3500")),
        Insurance(2, True, coverage, ("AB543GTD7567",)),
    )


def test_contained_parties_are_told_by_identifier():
    claim = read_claim(example("Claim-100152"), BASE)

    assert claim.insurer == Reference(
        "Organization", identifier=Identifier("http://www.bindb.com/bin", "123456")
    )
    assert claim.insurance[0].coverage == Reference(
        "Coverage", identifier=Identifier("http://benefitsinc.com/certificate", "12345")
    )
    assert claim.patient == Reference("Patient", foreign="#patient-1")


def test_an_official_priority_without_system_is_read():
    assert read_claim(example("Claim-760151"), BASE).priority == "stat"


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        (["stat"], "stat"),
        (["deferred"], "deferred"),
        (["urgent", "deferred"], "deferred"),
        (["urgent"], "normal"),
    ],
)
def test_the_priority_is_that_of_any_coding(codes, expected):
    document = example("Claim-100150")
    document["priority"] = {"coding": [{"code": code} for code in codes]}

    assert read_claim(document, BASE).priority == expected


def test_partial_dates_and_periods_cover_their_days():
    document = example("Claim-100150")
    document["created"] = "2014-08"
    document["billablePeriod"] = {"start": "2014"}
    del document["item"][0]["servicedDate"]
    document["item"][0]["servicedPeriod"] = {"start": "2014-07-30", "end": "2014-08"}

    claim = read_claim(document, BASE)

    assert claim.created == Days(date(2014, 8, 1), date(2014, 8, 31))
    assert claim.billable == Days(date(2014, 1, 1), None)
    assert claim.lines[0].serviced == Days(date(2014, 7, 30), date(2014, 8, 31))


def test_tax_is_read_on_each_tier_from_the_extension_of_that_tier():
    document = example("Claim-660152")
    item = document["item"][0]
    item["extension"] = taxed("item", "1.10")
    item["detail"][1]["extension"] = taxed("item.detail", "2.20")
    item["detail"][1]["subDetail"][0]["extension"] = taxed("item.detail.subDetail", "3.30")
    item["detail"][0]["extension"] = taxed("item", "9.99")

    line = read_claim(document, BASE).lines[0]

    assert (line.tax, line.lines[1].tax, line.lines[1].lines[0].tax) == (
        usd("1.10"),
        usd("2.20"),
        usd("3.30"),
    )
    assert line.lines[0].tax is None


def test_what_a_claim_does_not_say_stays_unsaid():
    document = example("Claim-100150")
    for name in ("insurer", "item", "careTeam", "diagnosis"):
        del document[name]
    document["type"] = {"text": "dental"}

    claim = read_claim(document, BASE)

    assert (claim.insurer, claim.type, claim.total, claim.billable) == (None, None, None, None)
    assert (claim.lines, claim.care_team, claim.diagnoses) == ((), (), ())

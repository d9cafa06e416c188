"""What intake checks of a Claim: each rule as a row that breaks it beside one that does not."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from app.domain.claims import Claim, Days, Insurance, Line
from app.domain.codes import ClaimUse
from app.domain.edits import edits
from app.domain.issues import ErrorCode
from app.domain.money import Money
from app.domain.references import Reference
from app.fhir.business.claims import read_claim

TODAY = date(2026, 11, 22)
YESTERDAY, TOMORROW = date(2026, 11, 21), date(2026, 11, 23)
EXAMPLES = Path(__file__).parents[1] / "fhir_examples"

# HL7's own slips, and what each is told.
EXAMPLES_WITH_ERRORS = {
    # 24 x 250 = 6000, and 1000 + 1500 + 500 + 250 = 3250 (with the 6000 it would be the 9000).
    "Claim-100153": [
        (ErrorCode.CLAIM_NET, "Claim.item[0].net"),
        (ErrorCode.CLAIM_NET, "Claim.item[0].detail[4].net"),
    ],
    # Five details are numbered 1, 2, 3, 2, 3.
    "Claim-760152": [
        (ErrorCode.CLAIM_SEQUENCE, "Claim.item[0].detail[3].sequence"),
        (ErrorCode.CLAIM_SEQUENCE, "Claim.item[0].detail[4].sequence"),
    ],
}


def money(amount, currency="USD"):
    return None if amount is None else Money(Decimal(amount), currency)


def number(value):
    return None if value is None else Decimal(value)


def line(net=None, *, at=(1,), price=None, quantity=None, factor=None, tax=None, **rest):
    """A line at a path of sequences; an amount is in USD unless it is a Money."""
    tiers = zip(("item", "detail", "subDetail"), at, strict=False)
    amounts = {"net": net, "unit_price": price, "tax": tax}
    return Line(
        path=at,
        expression=".".join(["Claim", *(f"{tier}[{sequence - 1}]" for tier, sequence in tiers)]),
        quantity=number(quantity),
        factor=number(factor),
        serviced=rest.pop("serviced", Days(YESTERDAY, YESTERDAY)),
        **{
            name: each if isinstance(each, Money) else money(each) for name, each in amounts.items()
        },
        **rest,
    )


def claim(*lines, total=None, use=ClaimUse.CLAIM, **rest):
    return Claim(
        use=use,
        type=None,
        created=rest.pop("created", Days(TODAY, TODAY)),
        patient=Reference("Patient", "1"),
        provider=Reference("Organization", "1"),
        insurance=rest.pop("insurance", (insured(1, focal=True),)),
        lines=lines,
        total=total if isinstance(total, Money) else money(total),
        **rest,
    )


def insured(sequence, *, focal):
    return Insurance(sequence, focal, Reference("Coverage", "1"))


def found(claim, born_on=None):
    return [(issue.error, issue.expression) for issue in edits(claim, TODAY, born_on)]


def example(path):
    return read_claim(
        json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal), "http://localhost"
    )


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("Claim-*.json")), ids=lambda path: path.stem)
def test_official_examples_pass_as_sent_but_for_their_own_slips(path):
    assert found(example(path)) == EXAMPLES_WITH_ERRORS.get(path.stem, [])


def test_all_official_examples_are_tried():
    assert len(list(EXAMPLES.glob("Claim-*.json"))) == 17


FOCAL, OTHER = insured(1, focal=True), insured(2, focal=False)
BROKEN_INSURANCE = {
    "none": (),
    "none focal": (insured(1, focal=False),),
    "two focal": (FOCAL, insured(2, focal=True)),
}


@pytest.mark.parametrize("insurance", BROKEN_INSURANCE.values(), ids=BROKEN_INSURANCE)
def test_not_one_focal_insurance_is_an_error(insurance):
    assert found(claim(insurance=insurance)) == [(ErrorCode.CLAIM_INSURANCE, "Claim.insurance")]


@pytest.mark.parametrize("insurance", [(FOCAL,), (FOCAL, OTHER)], ids=["alone", "beside another"])
def test_one_focal_insurance_is_right(insurance):
    assert found(claim(insurance=insurance)) == []


REPEATED = {
    "items": (claim(line(at=(1,)), line(at=(1,))), "Claim.item[0].sequence"),
    "details": (
        claim(line(lines=(line(at=(1, 2)), line(at=(1, 2))))),
        "Claim.item[0].detail[1].sequence",
    ),
    "subDetails": (
        claim(line(lines=(line(at=(1, 1), lines=(line(at=(1, 1, 1)), line(at=(1, 1, 1)))),))),
        "Claim.item[0].detail[0].subDetail[0].sequence",
    ),
    "careTeam": (claim(care_team=(1, 1)), "Claim.careTeam[1].sequence"),
    "diagnosis": (claim(diagnoses=(1, 2, 1)), "Claim.diagnosis[2].sequence"),
    "procedure": (claim(procedures=(3, 3)), "Claim.procedure[1].sequence"),
    "supportingInfo": (claim(information=(4, 4)), "Claim.supportingInfo[1].sequence"),
    "insurance": (
        claim(insurance=(FOCAL, insured(1, focal=False))),
        "Claim.insurance[1].sequence",
    ),
}


@pytest.mark.parametrize(("claim", "expression"), REPEATED.values(), ids=REPEATED)
def test_a_repeated_sequence_is_an_error(claim, expression):
    assert found(claim) == [(ErrorCode.CLAIM_SEQUENCE, expression)]


def test_the_same_sequences_in_different_lists_are_right():
    parts = (line(at=(1, 1)), line(at=(1, 2)))
    others = (line(at=(2, 1)), line(at=(2, 2)))
    lists = {"care_team": (1,), "diagnoses": (1,), "procedures": (1,), "information": (1,)}
    assert found(claim(line(at=(1,), lines=parts), line(at=(2,), lines=others), **lists)) == []


POINTERS = {
    "care_team": "careTeamSequence",
    "diagnoses": "diagnosisSequence",
    "procedures": "procedureSequence",
    "information": "informationSequence",
}


@pytest.mark.parametrize(("ours", "element"), POINTERS.items(), ids=POINTERS.values())
def test_a_pointer_that_resolves_nowhere_is_an_error(ours, element):
    pointing = line(**{ours: (1, 2)})
    expression = f"Claim.item[0].{element}[1]"
    assert found(claim(pointing, **{ours: (1,)})) == [(ErrorCode.CLAIM_SEQUENCE, expression)]
    assert found(claim(pointing, **{ours: (2, 1)})) == []


EUR = money("10", "EUR")
FOREIGN = {
    "net": (claim(line(EUR), total="10"), "Claim.item[0].net"),
    "unitPrice": (claim(line("10", price=EUR)), "Claim.item[0].net"),
    "tax": (claim(line("10", price="10", tax=money("0", "EUR"))), "Claim.item[0].tax"),
    "detail": (
        claim(line("10", lines=(line(EUR, at=(1, 1)),))),
        "Claim.item[0].detail[0].net",
    ),
    "second item": (claim(line("10"), line(EUR, at=(2,))), "Claim.item[1].net"),
}


@pytest.mark.parametrize(("claim", "expression"), FOREIGN.values(), ids=FOREIGN)
def test_a_second_currency_is_an_error_and_is_not_added_up(claim, expression):
    assert found(claim) == [(ErrorCode.CLAIM_CURRENCY, expression)]


def test_one_currency_everywhere_is_right():
    assert found(claim(line(EUR, price=EUR, tax=money("0", "EUR")), total=EUR)) == []


INVERTED, SAME_DAY = Days(YESTERDAY, date(2026, 11, 20)), Days(YESTERDAY, YESTERDAY)
AHEAD, OPEN = Days(TOMORROW, TOMORROW), Days(None, TOMORROW)
WRONG_DATES = {
    "service ends first": (claim(line(serviced=INVERTED)), "Claim.item[0].serviced"),
    "bill ends first": (claim(billable=INVERTED), "Claim.billablePeriod"),
    "service tomorrow": (claim(line(serviced=AHEAD)), "Claim.item[0].serviced"),
    "service until tomorrow": (claim(line(serviced=OPEN)), "Claim.item[0].serviced"),
    "bill from tomorrow": (claim(line(serviced=None), billable=AHEAD), "Claim.billablePeriod"),
    "created tomorrow": (claim(line(serviced=None), created=AHEAD), "Claim.created"),
}


@pytest.mark.parametrize(("claim", "expression"), WRONG_DATES.values(), ids=WRONG_DATES)
def test_a_date_that_cannot_be_right_is_an_error(claim, expression):
    assert found(claim) == [(ErrorCode.CLAIM_DATE, expression)]


RIGHT_DATES = {
    "one day": claim(line(serviced=SAME_DAY), billable=SAME_DAY),
    "today": claim(line(serviced=Days(TODAY, TODAY))),
    "a bill from tomorrow for a service of yesterday": claim(line(), billable=AHEAD),
    "preauthorization": claim(line(serviced=AHEAD), use=ClaimUse.PREAUTHORIZATION),
    "predetermination": claim(line(serviced=AHEAD), use=ClaimUse.PREDETERMINATION),
}


@pytest.mark.parametrize("claim", RIGHT_DATES.values(), ids=RIGHT_DATES)
def test_a_date_that_can_be_right_is_right(claim):
    assert found(claim) == []


@pytest.mark.parametrize(
    ("born_on", "issues"),
    [
        (TODAY, [(ErrorCode.CLAIM_DATE, "Claim.item[0].serviced")]),
        (YESTERDAY, []),
        (None, []),
    ],
    ids=["before birth", "on the day of birth", "birth unknown"],
)
def test_a_service_is_not_before_birth(born_on, issues):
    assert found(claim(line()), born_on) == issues


NEGATIVES = {
    "quantity": line(quantity="-1"),
    "net": line("-0.01"),
    "unitPrice": line(price="-1"),
    "factor": line(factor="-0.5"),
    "tax": line(tax="-1"),
}


@pytest.mark.parametrize(("element", "line"), NEGATIVES.items(), ids=NEGATIVES)
def test_a_negative_figure_is_an_error(element, line):
    assert (ErrorCode.CLAIM_NEGATIVE, f"Claim.item[0].{element}") in found(claim(line))


def test_a_zero_figure_is_right():
    assert found(claim(line("0", price="0", quantity="0", factor="0", tax="0"))) == []


# The net is right to the last unit: (net that is right, one that is not, figures)
NETS = {
    "price alone": ("10.00", "10.01", {"price": "10"}),
    "quantity": ("30.00", "10.00", {"price": "10", "quantity": "3"}),
    "factor": ("0.70", "0.71", {"price": "10", "factor": "0.07"}),
    "tax": ("10.70", "10.00", {"price": "10", "tax": "0.70"}),
    # 3 x 1.115 x 0.9 + 0.2 = 3.0105 + 0.2 = 3.2105
    "all": ("3.21", "3.22", {"price": "1.115", "quantity": "3", "factor": "0.9", "tax": "0.2"}),
    "half up": ("0.13", "0.12", {"price": "0.25", "factor": "0.5"}),
    "more zeros": ("10.000", "10.001", {"price": "10"}),
    "no units": ("0.00", "5.00", {"quantity": "0"}),
    "finer than a cent": ("10.01", "10.005", {}),
    "less than its tax": ("1.00", "0.99", {"tax": "1"}),
    "long": ("999999999999.00", "999999999998.00", {"price": "999999999999"}),
}


@pytest.mark.parametrize(("right", "wrong", "figures"), NETS.values(), ids=NETS)
def test_the_net_of_a_leaf_is_its_own_product(right, wrong, figures):
    assert found(claim(line(right, **figures))) == []
    assert found(claim(line(wrong, **figures))) == [(ErrorCode.CLAIM_NET, "Claim.item[0].net")]


@pytest.mark.parametrize(
    ("currency", "right", "wrong"),
    # 0.5 x 24.69 = 12.345
    [("JPY", "12", "12.35"), ("USD", "12.35", "12.34"), ("KWD", "12.345", "12.35")],
)
def test_a_net_is_rounded_to_the_minor_unit_of_its_currency(currency, right, wrong):
    figures = {"price": money("24.69", currency), "factor": "0.5"}
    assert found(claim(line(money(right, currency), **figures))) == []
    issues = found(claim(line(money(wrong, currency), **figures)))
    assert issues == [(ErrorCode.CLAIM_NET, "Claim.item[0].net")]


def tiers(net):
    """30 + (11 + 2 x 2 = 15) = 45; the groups' own figures count for nothing."""
    parts = (line("11", at=(1, 2, 1)), line(at=(1, 2, 2), price="2", quantity="2"))
    details = (line("30", at=(1, 1)), line(at=(1, 2), price="99", quantity="7", lines=parts))
    return line(net, price="1", quantity="2", lines=details)


def test_the_net_of_a_group_is_the_sum_of_its_lines():
    assert found(claim(tiers("45"))) == []
    assert found(claim(tiers(None), total="45")) == []
    assert found(claim(tiers("44.99"))) == [(ErrorCode.CLAIM_NET, "Claim.item[0].net")]


def test_a_group_is_compared_with_nets_as_submitted():
    # The detail says 9 and should say 10; the item agrees with what it says.
    wrong = line("9", lines=(line("9", at=(1, 1), price="10"),))
    assert found(claim(wrong)) == [(ErrorCode.CLAIM_NET, "Claim.item[0].detail[0].net")]


def test_the_total_is_the_sum_of_the_items():
    items = (line("10.01"), line("0.99", at=(2,)), line(None, at=(3,), price="5"))
    assert found(claim(*items, total="16")) == []
    assert found(claim(*items)) == []
    assert found(claim(*items, total="16.01")) == [(ErrorCode.CLAIM_TOTAL, "Claim.total")]


def test_a_net_and_a_total_that_are_absent_are_no_errors():
    assert found(claim(line(price="10", quantity="2"))) == []
    assert found(claim(line())) == []


def test_an_arithmetic_error_says_what_was_expected_and_received():
    (issue,) = edits(claim(line("10.50", price="10")), TODAY)
    assert issue.text == (
        "The net is 10.50 USD; expected 10.00 USD: quantity x unitPrice x factor + tax."
    )
    (issue,) = edits(claim(line("10"), total="11"), TODAY)
    assert issue.text == "The total is 11 USD; expected 10 USD: the sum of items."


def test_every_error_is_reported():
    wrong = claim(
        line("9", price="10", serviced=AHEAD, diagnoses=(1,)),
        line(EUR, at=(2,), quantity="-1"),
        insurance=(),
    )
    assert {error for error, _ in found(wrong)} == {
        ErrorCode.CLAIM_INSURANCE,
        ErrorCode.CLAIM_SEQUENCE,
        ErrorCode.CLAIM_CURRENCY,
        ErrorCode.CLAIM_DATE,
        ErrorCode.CLAIM_NEGATIVE,
        ErrorCode.CLAIM_NET,
    }


def test_the_order_of_lines_changes_no_finding():
    items = (line("10", price="9"), line("4", at=(2,)), replace(line("-1", at=(3,)), lines=()))
    assert sorted(found(claim(*items)), key=str) == sorted(found(claim(*items[::-1])), key=str)

"""What keeps intake's own answer small, and every figure within what a ledger holds."""

import pytest

from app.domain.edits import LARGEST, MOST_ISSUES, edits
from app.domain.issues import ErrorCode
from tests.domain.test_edits import TODAY, claim, found, line

TOO_LARGE = str(LARGEST + 1)


TOO_LARGE_LINES = {
    "unitPrice": line(price=TOO_LARGE),
    "net": line(TOO_LARGE),
    "quantity": line(price="1", quantity=TOO_LARGE),
    "factor": line(price="1", factor=TOO_LARGE),
    "tax": line(price="1", tax=TOO_LARGE),
}


@pytest.mark.parametrize(("element", "item"), TOO_LARGE_LINES.items(), ids=TOO_LARGE_LINES)
def test_a_figure_beyond_every_ledger_is_an_error(element, item):
    assert (ErrorCode.CLAIM_AMOUNT, f"Claim.item[0].{element}") in found(claim(item))


def test_the_largest_figure_is_decided():
    assert found(claim(line(str(LARGEST), price=str(LARGEST)), total=str(LARGEST))) == []


def test_a_product_beyond_every_ledger_is_an_error():
    item = line(price=str(LARGEST), quantity="2")
    assert (ErrorCode.CLAIM_AMOUNT, "Claim.item[0]") in found(claim(item))


def test_a_sum_beyond_every_ledger_is_an_error():
    items = [line(str(LARGEST), at=(number,)) for number in (1, 2)]
    assert (ErrorCode.CLAIM_AMOUNT, "Claim.item") in found(claim(*items))


def test_of_very_many_errors_the_first_are_told_and_the_rest_counted():
    pointers = tuple(range(2, MOST_ISSUES + 12))
    issues = edits(claim(line(diagnoses=pointers)), TODAY)
    assert len(issues) == MOST_ISSUES + 1
    assert issues[-1].error is ErrorCode.CLAIM_MORE
    assert issues[-1].text.startswith("There are 10 more errors")


def test_as_many_errors_as_are_told_are_all_told():
    pointers = tuple(range(2, MOST_ISSUES + 2))
    issues = edits(claim(line(diagnoses=pointers)), TODAY)
    assert len(issues) == MOST_ISSUES
    assert {issue.error for issue in issues} == {ErrorCode.CLAIM_SEQUENCE}

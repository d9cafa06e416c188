"""Our own adjudicators keep the contract that every adjudicator keeps."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from app.adjudicators.contract import AdjudicatorContract
from app.adjudicators.manual import ManualAdjudicator
from app.adjudicators.standard import StandardAdjudicator
from app.domain.adjudication import AdjudicationRequest, Adjudicator, Answer, Decided
from app.domain.authorizations import Use


class TestStandard(AdjudicatorContract):
    def adjudicator(self) -> Adjudicator:
        return StandardAdjudicator()


class TestManual(AdjudicatorContract):
    def adjudicator(self) -> Adjudicator:
        return ManualAdjudicator()


class Taking(StandardAdjudicator):
    """Decides as the standard one, and uses something else."""

    def __init__(self, change: Callable[[Use], Use]) -> None:
        self._change = change

    def adjudicate(self, request: AdjudicationRequest) -> Answer:
        answer = super().adjudicate(request)
        if not isinstance(answer, Decided):
            return answer
        return replace(answer, uses=tuple(self._change(use) for use in answer.uses))


WRONG: dict[str, Callable[[Use], Use]] = {
    "more units": lambda use: replace(use, quantity=use.quantity + 100),
    "more money": lambda use: replace(use, amount=use.amount + 1000),
    "a negative": lambda use: replace(use, amount=-use.amount - 1),
    "finer than is counted": lambda use: replace(use, quantity=Decimal("0.00001")),
    "of another": lambda use: replace(use, authorization="another"),
    "of another line": lambda use: replace(use, held=(9,)),
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_who_uses_what_is_not_left_does_not_keep_the_contract(
    change: Callable[[Use], Use],
) -> None:
    class Tried(AdjudicatorContract):
        def adjudicator(self) -> Adjudicator:
            return Taking(change)

    with pytest.raises(AssertionError):
        Tried().test_no_more_of_a_preauthorization_is_used_than_is_left()


def test_who_uses_more_than_a_line_is_paid_does_not_keep_the_contract() -> None:
    class Tried(AdjudicatorContract):
        def adjudicator(self) -> Adjudicator:
            return Taking(lambda use: replace(use, amount=use.amount + Decimal("0.01")))

    with pytest.raises(AssertionError):
        Tried().test_a_line_uses_no_more_of_a_preauthorization_than_it_is_paid()

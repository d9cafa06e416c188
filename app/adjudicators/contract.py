# ruff: noqa: S101 - pytest tells what went wrong from plain asserts
"""What every adjudicator keeps: a test class to inherit, for pytest or anything that calls `test_`.

class TestOurs(AdjudicatorContract):
    def adjudicator(self) -> Adjudicator:
        return OurAdjudicator()
"""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from decimal import Decimal
from typing import TypeVar

from app.adjudicators.contract_cases import requests
from app.adjudicators.contract_uses import (
    assert_a_line_uses_what_it_is_paid,
    assert_carried_lines_keep_theirs,
    assert_no_more_is_used_than_is_left,
)
from app.domain.adjudication import (
    AdjudicationRequest,
    Adjudicator,
    Amount,
    Awaiting,
    Category,
    Decided,
    DecidedLine,
    Deferred,
)
from app.domain.arithmetic import net_of
from app.domain.claims import Line
from app.domain.codes import ClaimUse
from app.domain.decision_inputs import decision_text, inputs_text, request_of
from app.domain.money import rounded

SHARES = (
    Category.CONTRACTUAL,
    Category.NONCOVERED,
    Category.DEDUCTIBLE,
    Category.COPAY,
    Category.COINSURANCE,
    Category.COB_PAID,
    Category.BENEFIT,
)
BORNE_BY_PATIENT = (
    Category.NONCOVERED,
    Category.DEDUCTIBLE,
    Category.COPAY,
    Category.COINSURANCE,
)
ROWS = tuple(category for category in Category if category is not Category.PATIENT_SHARE)


class AdjudicatorContract:
    """Inherit it and say which adjudicator; `requests` may be overridden to add cases."""

    def adjudicator(self) -> Adjudicator:
        """The adjudicator to try."""
        raise NotImplementedError

    def requests(self) -> dict[str, AdjudicationRequest]:
        """The cases by name."""
        return requests()

    def test_it_names_its_rules(self) -> None:
        """The name of the rule set is kept with every decision."""
        assert self.adjudicator().rules

    def test_lines_are_one_to_one_with_the_claims(self) -> None:
        """In the Claim's own order, at every level."""
        for name, request, decision in self._decisions():
            assert _paths(decision.lines) == _paths(request.claim.lines), name

    def test_a_line_has_exactly_one_benefit(self) -> None:
        """And every other category at most once, in the order of `Category`."""
        for name, _, decision in self._decisions():
            for line in _every(decision.lines):
                categories = [row.category for row in line.amounts]
                assert categories.count(Category.BENEFIT) == 1, (name, line.path)
                assert categories == [row for row in ROWS if row in categories], (name, line.path)

    def test_what_is_submitted_is_the_net(self) -> None:
        """Nothing of the Claim is lost or added."""
        for name, request, decision in self._decisions():
            submitted = {line.path: line for line in _every(request.claim.lines)}
            for line in _every(decision.lines):
                currency = line.amounts[0].money.currency
                net = rounded(net_of(submitted[line.path], currency), currency)
                assert _sum(line.amounts, Category.SUBMITTED) == net, (name, line.path)

    def test_the_shares_sum_to_the_net(self) -> None:
        """To the last unit, for every line and in the totals."""
        for name, _, decision in self._decisions():
            for amounts in (decision.totals, *(line.amounts for line in _every(decision.lines))):
                submitted = _sum(amounts, Category.SUBMITTED)
                assert submitted == _sum(amounts, *SHARES), (name, amounts)

    def test_benefit_is_within_eligible_and_eligible_within_submitted(self) -> None:
        """For every line and in the totals."""
        for name, _, decision in self._decisions():
            for amounts in (decision.totals, *(line.amounts for line in _every(decision.lines))):
                benefit, eligible, submitted = (
                    _sum(amounts, category)
                    for category in (Category.BENEFIT, Category.ELIGIBLE, Category.SUBMITTED)
                )
                assert benefit <= eligible <= submitted, (name, amounts)

    def test_no_amount_is_negative_or_finer_than_its_currency(self) -> None:
        """Rows are money that can be paid."""
        for name, _, decision in self._decisions():
            for amounts in (decision.totals, *(line.amounts for line in _every(decision.lines))):
                for row in amounts:
                    money = row.money
                    assert money.amount >= 0, (name, row)
                    assert money.amount == rounded(money.amount, money.currency), (name, row)

    def test_groups_and_totals_are_sums(self) -> None:
        """Of the lines below; patient-share is in the totals only."""
        for name, _, decision in self._decisions():
            for line in _every(decision.lines):
                if line.lines:
                    _assert_sums(line.amounts, line.lines, name)
            _assert_sums(decision.totals, decision.lines, name)
            borne = _sum(decision.totals, *BORNE_BY_PATIENT)
            assert _sum(decision.totals, Category.PATIENT_SHARE) == borne, name

    def test_a_reduced_row_says_why(self) -> None:
        """Every row that takes from the submitted amount carries a reason."""
        for name, _, decision in self._decisions():
            for line in _every(decision.lines):
                for row in line.amounts:
                    if row.category in SHARES and row.category is not Category.BENEFIT:
                        assert row.reasons or row.money.amount == 0, (name, line.path, row)

    def test_lines_refer_to_notes_that_exist(self) -> None:
        """Notes are numbered from 1 without a gap; those carried over keep their numbers."""
        for name, request, decision in self._decisions():
            numbers = [note.number for note in decision.notes]
            if request.reissue is None:
                assert numbers == list(range(1, len(numbers) + 1)), name
            assert numbers == sorted(set(numbers)), name
            for line in _every(decision.lines):
                assert set(line.notes) <= set(numbers), (name, line.path)

    def test_what_is_not_decided_again_is_carried_over(self) -> None:
        """Lines with all below them, and the notes they refer to, as they were."""
        for name, request, decision in self._decisions():
            if request.reissue is None:
                continue
            lines = {line.path: line for line in _every(decision.lines)}
            carried = request.reissue.carried()
            for path, line in carried.items():
                assert lines[path] == line, (name, path)
            kept = {note.number: note for note in decision.notes}
            referred = {number for line in _every(tuple(carried.values())) for number in line.notes}
            for note in request.reissue.decided.notes:
                assert note.number not in referred or kept[note.number] == note, (name, note)

    def test_only_a_claim_moves_counters(self) -> None:
        """Preauthorizations and predeterminations use them as they stand."""
        for name, request, decision in self._decisions():
            assert request.claim.use is ClaimUse.CLAIM or decision.postings == (), name

    def test_no_more_of_a_preauthorization_is_used_than_is_left(self) -> None:
        """Neither money nor services, by all lines together; lines carried over keep theirs."""
        for name, request, decision in self._decisions():
            assert_no_more_is_used_than_is_left(name, request, decision)
            assert_carried_lines_keep_theirs(name, request, decision)

    def test_a_line_uses_no_more_of_a_preauthorization_than_it_is_paid(self) -> None:
        """Nor more units than it has; what is only asked for uses nothing."""
        for name, request, decision in self._decisions():
            assert_a_line_uses_what_it_is_paid(name, request, decision)

    def test_the_same_request_gives_the_same_answer(self) -> None:
        """Asked twice, and asked of another instance."""
        for name, request in self.requests().items():
            adjudicator = self.adjudicator()
            first = adjudicator.adjudicate(request)
            assert repr(adjudicator.adjudicate(request)) == repr(first), name
            assert repr(self.adjudicator().adjudicate(deepcopy(request))) == repr(first), name

    def test_a_decision_is_the_same_made_again_from_what_is_kept(self) -> None:
        """The question as the text that is kept with a decision gives the same bytes."""
        for name, request, decision in self._decisions():
            kept = request_of(inputs_text(request))
            again = self.adjudicator().adjudicate(kept)
            assert isinstance(again, Decided), name
            assert decision_text(again) == decision_text(decision), name

    def test_the_order_of_the_arrays_does_not_matter(self) -> None:
        """Sequences decide."""
        for name, request in self.requests().items():
            turned = replace(
                request, claim=replace(request.claim, lines=_turned(request.claim.lines))
            )
            answer = self.adjudicator().adjudicate(request)
            other = self.adjudicator().adjudicate(turned)
            if isinstance(answer, Decided) and isinstance(other, Decided):
                answer = replace(answer, lines=_sorted(answer.lines))
                other = replace(other, lines=_sorted(other.lines))
            assert answer == other, name

    def test_the_request_is_not_changed(self) -> None:
        """Not even its counters."""
        for name, request in self.requests().items():
            before = deepcopy(request)
            self.adjudicator().adjudicate(request)
            assert request == before, name

    def test_a_last_call_is_decided_or_left_to_an_operator(self) -> None:
        """What did not come is not waited for again."""
        for name, request in self.requests().items():
            answer = self.adjudicator().adjudicate(replace(request, is_last_call=True))
            assert isinstance(answer, Decided) or answer.awaiting is Awaiting.OPERATOR, name

    def test_a_deferral_says_what_it_waits_for(self) -> None:
        """In words for a person."""
        for name, request in self.requests().items():
            answer = self.adjudicator().adjudicate(request)
            assert not isinstance(answer, Deferred) or answer.text, name

    def _decisions(self) -> Iterator[tuple[str, AdjudicationRequest, Decided]]:
        for name, request in self.requests().items():
            answer = self.adjudicator().adjudicate(request)
            if isinstance(answer, Decided):
                yield name, request, answer


Paths = list[tuple[tuple[int, ...], "Paths"]]
L = TypeVar("L", Line, DecidedLine)


def _paths(lines: tuple[Line, ...] | tuple[DecidedLine, ...]) -> Paths:
    return [(line.path, _paths(line.lines)) for line in lines]


def _every(lines: tuple[L, ...]) -> Iterator[L]:
    for line in lines:
        yield line
        yield from _every(line.lines)


def _sum(amounts: tuple[Amount, ...], *categories: Category) -> Decimal:
    rows = (row.money.amount for row in amounts if row.category in categories)
    return sum(rows, Decimal(0))


def _assert_sums(amounts: tuple[Amount, ...], lines: tuple[DecidedLine, ...], name: str) -> None:
    for category in ROWS:
        below = sum((_sum(line.amounts, category) for line in lines), Decimal(0))
        assert _sum(amounts, category) == below, (name, category)


def _turned(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    return tuple(replace(line, lines=_turned(line.lines)) for line in reversed(lines))


def _sorted(lines: tuple[DecidedLine, ...]) -> tuple[DecidedLine, ...]:
    below = (replace(line, lines=_sorted(line.lines)) for line in lines)
    return tuple(sorted(below, key=lambda line: line.path))

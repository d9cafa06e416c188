"""What a decision is made from, as text: whatever is asked comes back, and is decided alike."""

import pytest
from hypothesis import HealthCheck, given, settings

from app.adjudicators.contract_cases import requests as cases
from app.adjudicators.standard import StandardAdjudicator
from app.domain.adjudication import Decided
from app.domain.decision_inputs import decision_text, inputs_text, request_of
from app.domain.exact_text import NotReadable, value_of
from tests.adjudicators.drawn import requests


def decided(request):
    return StandardAdjudicator().adjudicate(request)


@pytest.mark.parametrize("text", ["", "{}", "inputs-2\n{}", "inputs-1\n{}", "inputs-1\n[1]"])
def test_a_text_of_another_format_or_without_a_claim_is_not_read(text):
    with pytest.raises(NotReadable):
        request_of(text)


def test_a_text_of_ours_is_read():
    request = cases()["one line"]

    assert inputs_text(request).startswith('inputs-1\n{"claim":{')
    assert request_of(inputs_text(request)) == request


@pytest.mark.parametrize("name", cases())
def test_what_the_contract_asks_is_decided_alike_after_it_was_kept(name):
    request = cases()[name]

    again = request_of(inputs_text(request))

    assert (again, inputs_text(again)) == (request, inputs_text(request))
    assert repr(decided(again)) == repr(decided(request))


@settings(
    max_examples=80,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(requests())
def test_whatever_is_drawn_is_decided_to_the_same_bytes_after_it_was_kept(drawn):
    again = request_of(inputs_text(drawn))

    assert again == drawn
    assert decision_text(decided(again)) == decision_text(decided(drawn))
    assert value_of(Decided, decision_text(decided(drawn))) == decided(drawn)


def test_one_digit_more_is_another_decision():
    request = cases()["one line"]
    text = inputs_text(request)
    assert '"amount":"9"' in text

    other = request_of(text.replace('"amount":"9"', '"amount":"9.01"'))

    assert decision_text(decided(other)) != decision_text(decided(request))

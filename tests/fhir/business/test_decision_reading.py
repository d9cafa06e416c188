"""A ClaimResponse of ours read back: what is read and written again is the same text."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from app.adjudicators.standard import StandardAdjudicator
from app.domain.adjudication import Category
from app.domain.changes import NOT_KEPT
from app.domain.claims import Days
from app.domain.codes import Cause
from app.domain.reissue import Reissue, told
from app.fhir import json_text
from app.fhir.answers import claim_response
from app.fhir.business.decision_reading import read_decision
from tests.adjudicators.builders import DAY
from tests.adjudicators.drawn import requests
from tests.fhir.asked import CLAIMS, a_decision, an_answering, example

VALID = Days(DAY, DAY)


def written(decided, document, **elements):
    return json_text.write(claim_response.decided(an_answering(document), decided, **elements))


@pytest.mark.parametrize("name", CLAIMS)
def test_what_was_decided_on_an_official_claim_is_read_back(name):
    document = example(name)
    decided = a_decision(document)

    text = written(decided, document)

    assert read_decision(json_text.parsed(text)) == decided
    assert written(read_decision(json_text.parsed(text)), document) == text


@settings(
    max_examples=80,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(requests())
def test_whatever_the_standard_adjudicator_decides_is_read_back(drawn):
    document = {**example(CLAIMS[0]), "use": str(drawn.claim.use)}
    decided = StandardAdjudicator().adjudicate(drawn)
    changed = replace(decided, lines=tuple(replace(line, amounts=()) for line in decided.lines))
    reissue = Reissue(changed, reference="R1", rules="ours-1", changes=(NOT_KEPT,))
    reissued = told(reissue, decided, "ours-2")
    assert {note.causes for note in reissued.notes} >= {(Cause.RULES, Cause.NOT_KEPT)}

    for one in (decided, reissued):
        text = written(one, document, preauthorization="PA-1", valid=VALID)
        read = read_decision(json_text.parsed(text))
        assert (read.lines, read.totals, read.notes, read.disposition) == (
            one.lines,
            one.totals,
            one.notes,
            one.disposition,
        )
        assert written(read, document, preauthorization="PA-1", valid=VALID) == text


def test_postings_are_not_read_back():
    document = example(CLAIMS[0])

    assert read_decision(json_text.parsed(written(a_decision(document), document))).postings == ()


def test_the_last_zero_of_an_amount_is_read_back():
    document = example(CLAIMS[0])
    decided = a_decision(document)

    read = read_decision(json_text.parsed(written(decided, document)))

    [benefit] = [row for row in read.totals if row.category is Category.BENEFIT]
    assert str(benefit.money.amount) == str(decided.total(Category.BENEFIT).amount)


def test_a_response_that_is_only_queued_is_no_decision():
    queued = claim_response.queued(an_answering(example(CLAIMS[0])))

    assert read_decision(queued).lines == ()

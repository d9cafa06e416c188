"""A Claim is not decided by a Coverage that is listed for the recovery of costs alone."""

import pytest

from app.domain.lifecycle import State
from tests.builders import COVERAGE_SYSTEM, a_claim, a_coverage, identifier

M1 = {"identifier": identifier(COVERAGE_SYSTEM, "M1")}


def listed(**elements):
    """The sender's own words about its Coverage, inside the Claim."""
    return [a_coverage(id="c", **elements)]


def answered(desk, claim):
    """The state of a Claim that was sent, and the errors it was answered with, by place."""
    taken = desk.create(claim)
    errors = {
        error["code"]["coding"][0]["code"]: error["extension"][0]["valueString"]
        if "extension" in error
        else None
        for error in desk.document(taken.related).get("error", ())
    }
    return desk.submission(taken).state, errors


def focal_of(*insurances, **elements):
    """A Claim with these Coverages; the last is focal."""
    entries = [
        {"sequence": number, "focal": number == len(insurances), "coverage": coverage}
        for number, coverage in enumerate(insurances, 1)
    ]
    return a_claim(insurance=entries, **elements)


@pytest.mark.parametrize("value", [True, False])
def test_a_claim_under_a_subrogated_coverage_is_invalid(desk, insured, value):
    claim = focal_of({"reference": "#c"}, contained=listed(subrogation=value))

    state, errors = answered(desk, claim)

    assert (state, set(errors)) == (
        (State.INVALID, {"ECG-CLAIM-SUBROGATION"}) if value else (State.QUEUED, set())
    )


@pytest.mark.parametrize("value", [True, False])
def test_what_the_payer_keeps_of_it_counts_too(desk, core, value):
    core.create(a_coverage(subrogation=value))

    state, _ = answered(desk, focal_of(M1))

    assert state is (State.INVALID if value else State.QUEUED)


def test_beside_the_focal_insurance_it_may_be_listed(desk, insured):
    subrogated = listed(subrogation=True)

    taken = answered(desk, focal_of({"reference": "#c"}, M1, contained=subrogated))
    turned = focal_of(M1, {"reference": "#c"}, contained=subrogated)

    assert taken == (State.QUEUED, {})
    state, errors = answered(desk, turned)
    assert state is State.INVALID
    assert errors == {"ECG-CLAIM-SUBROGATION": "Claim.insurance[1].coverage"}

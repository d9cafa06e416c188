"""Matching what a sender says about insurance to the payer's own Coverage."""

import pytest

from app.domain.references import Identifier
from app.gateway.answers import with_status
from app.gateway.coverages import matched
from tests.builders import COVERAGE_SYSTEM, a_claim, a_coverage, identifier

M1, UNKNOWN = identifier(COVERAGE_SYSTEM, "M1"), identifier(COVERAGE_SYSTEM, "M9")


def match(desk, coverage, **elements):
    """The id of the payer's Coverage behind this reference of a Claim."""
    claim = a_claim(coverage=coverage, **elements)
    base = desk.installation.base_url
    found = desk.see(lambda work: matched(claim, coverage, base, work))
    return found and found.id


@pytest.fixture
def payers(insured):
    """The id of the payer's Coverage of member M1 (subscriberId S-M1)."""
    ids = insured.see(
        lambda work: work.resources.identified(["Coverage"], Identifier(COVERAGE_SYSTEM, "M1"))
    )
    return ids[0][1]


def inside(coverage):
    return [{**coverage, "id": "cov"}]


def said(**elements):
    """A Coverage as a submitter says it, by nothing but what is named."""
    return a_coverage(**{"identifier": None, "subscriberId": None, "id": None, **elements})


WAYS = {
    "identifier": ({"identifier": M1}, None),
    "dangling reference with identifier": ({"reference": "Coverage/9", "identifier": M1}, None),
    "contained, identifier": ({"reference": "#cov"}, said(identifier=[M1])),
    "contained, second identifier": ({"reference": "#cov"}, said(identifier=[UNKNOWN, M1])),
    "contained, subscriber": ({"reference": "#cov"}, said(subscriberId="S-M1")),
    "contained, unknown identifier and subscriber": (
        {"reference": "#cov"},
        said(identifier=[UNKNOWN], subscriberId="S-M1"),
    ),
}
NO_WAYS = {
    "unknown identifier": ({"identifier": UNKNOWN}, None),
    "identifier of another system": ({"identifier": identifier("http://other.test", "M1")}, None),
    "display": ({"display": "M1"}, None),
    "dangling reference": ({"reference": "Coverage/9"}, None),
    "elsewhere": ({"reference": "http://elsewhere.test/Coverage/1"}, None),
    "contained, unknown identifier": ({"reference": "#cov"}, said(identifier=[UNKNOWN])),
    "contained, unknown subscriber": ({"reference": "#cov"}, said(subscriberId="S-M9")),
    "contained, another dependent": (
        {"reference": "#cov"},
        said(subscriberId="S-M1", dependent="1"),
    ),
    "contained, nothing": ({"reference": "#cov"}, said()),
    "contained, not there": ({"reference": "#other"}, said(identifier=[M1])),
}


@pytest.mark.parametrize(("coverage", "contained"), NO_WAYS.values(), ids=NO_WAYS)
def test_what_says_too_little_matches_nothing(desk, payers, coverage, contained):
    elements = {"contained": inside(contained)} if contained else {}

    assert match(desk, coverage, **elements) is None


@pytest.mark.parametrize(("coverage", "contained"), WAYS.values(), ids=WAYS)
def test_a_claim_to_a_coverage_finds_the_payers_own(desk, payers, coverage, contained):
    elements = {"contained": inside(contained)} if contained else {}

    assert match(desk, coverage, **elements) == payers


def test_the_payers_own_id_finds_it(desk, payers):
    assert match(desk, {"reference": f"Coverage/{payers}"}) == payers


def test_a_submitted_coverage_leads_to_the_payers(desk, stranger, payers):
    stored = desk.create(said(subscriberId="S-M1"))
    assert match(desk, {"reference": stored.stored.reference}) == payers
    assert match(stranger, {"reference": stored.stored.reference}) is None


def test_a_submitted_coverage_is_never_money(desk, core):
    core.create(a_coverage("M2"))
    stored = desk.create(said(identifier=[M1], subscriberId="S-M1"))

    assert match(desk, {"reference": stored.stored.reference}) is None


@pytest.mark.parametrize(
    ("status", "is_found"), [("active", True), ("cancelled", False), ("entered-in-error", False)]
)
def test_a_coverage_that_the_payer_closed_is_not_found(desk, core, status, is_found):
    core.create(a_coverage(status=status))

    assert (match(desk, {"identifier": M1}) is not None) is is_found


def test_between_two_nothing_is_guessed_unless_one_is_closed(desk, core):
    first = core.create(a_coverage())
    second = core.create(a_coverage())
    assert match(desk, {"identifier": M1}) is None
    assert match(desk, {"reference": first.stored.reference}) == first.stored.id

    core.do(lambda work: with_status(second.stored, "cancelled", work))

    assert match(desk, {"identifier": M1}) == first.stored.id


def test_a_dependent_is_told_apart_by_its_number(desk, core):
    same = {"subscriberId": "S", "identifier": None}
    first = core.create(a_coverage("M1", dependent="1", **same))
    core.create(a_coverage("M2", dependent="2", **same))
    claimed = said(subscriberId="S", dependent="1")

    assert match(desk, {"reference": "#cov"}, contained=inside(claimed)) == first.stored.id

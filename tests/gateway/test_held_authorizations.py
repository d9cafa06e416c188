"""Which preauthorizations hold for a Claim: quoted, live, of the same member and provider."""

from datetime import date
from decimal import Decimal

import pytest

from app.domain.authorizations import Authorization, HeldLine
from app.domain.codes import Coding
from app.fhir import json_text
from app.fhir.business.claims import read_claim
from app.fhir.business.coverages import read_coverage
from app.gateway.deciding.authorizations import held_for
from tests.builders import a_claim, a_coverage, a_quote, a_task, identifier

SERVICE = Coding("http://codes.test", "1200").key
LINE = HeldLine((1,), frozenset({SERVICE}), Decimal("80.00"), Decimal(1))
OTHERS = {"identifier": identifier("sid", "Sunny Hill")}


@pytest.fixture
def made(desk, insured, worker):
    """A preauthorization that was decided."""
    taken = desk.create(a_claim("preauthorization"))
    worker.drain()
    return taken


@pytest.fixture
def held(desk, insured, made):
    """What holds for a Claim that quotes the preauthorization."""

    def asked(member="M1", **elements):
        elements = {"insurance": a_quote(made.stored.id), **elements}
        taken = desk.create(a_claim(**elements)).stored
        document = json_text.parsed(taken.text)
        claim = read_claim(document, desk.installation.base_url)
        [coverage_id] = [
            id
            for _, id in desk.see(
                lambda work: work.reference_data.identified(
                    ("Coverage",), read_claim(document, "").insurance[0].coverage.identifier
                )
            )
        ]
        key = coverage_id if member == "M1" else "another"
        coverage = read_coverage(a_coverage(), key)

        def held_by(work):
            submission = work.submissions.find("Claim", taken.id)
            return held_for(submission, claim, coverage, work)

        return desk.see(held_by)

    return asked


@pytest.fixture
def whole(made):
    """The preauthorization as it holds: one unit, of which 80 % of 100.00 is paid."""
    days = {"starts_on": date(2026, 3, 2), "ends_on": date(2026, 5, 31)}
    return Authorization(made.stored.id, "EUR", (LINE,), **days)


def test_one_that_is_not_quoted_does_not_hold(held, whole):
    assert held(insurance=a_quote("unknown")) == ()
    assert held() == (whole,)


def test_one_of_another_member_or_provider_does_not_hold(held, whole):
    assert held(member="M2") == ()
    assert held(provider=OTHERS) == ()
    assert held() == (whole,)


@pytest.mark.parametrize("code", ["cancel", "nullify"])
def test_one_that_was_taken_back_does_not_hold(desk, made, held, whole, code):
    assert held() == (whole,)

    desk.task(a_task(code, focus=made.stored.reference))

    assert held() == ()


def test_it_holds_for_no_service_that_it_denied(desk, core, worker):
    core.create(a_coverage(period={"start": "2026-03-02"}))
    denied = desk.create(a_claim("preauthorization", serviced="2026-03-01"))
    granted = desk.create(a_claim("preauthorization", serviced="2026-03-02"))
    worker.drain()

    def services(taken):
        return len(desk.see(lambda work: work.reservations.find(taken.stored.id)).terms.services)

    assert (services(denied), services(granted)) == (0, 1)

"""What a preauthorization holds, and which Claims that quote it may use it."""

from dataclasses import dataclass

import pytest

from app.fhir import json_text
from app.gateway.administering.reference_data import keep
from app.gateway.changes.target import Target
from app.store import tables
from tests.builders import (
    COVERAGE_SYSTEM,
    a_claim,
    a_coverage,
    a_price,
    a_quote,
    a_task,
    identifier,
)
from tests.gateway.desk import Desk, received
from tests.store.terms import kept, money, recomputed

ANOTHER_SERVICE = {"coding": [{"system": "http://codes.test", "code": "3000"}]}

# The same service in another Claim of the same type is a duplicate, and pays nothing.
OF_ANOTHER_TYPE = {
    "coding": [
        {"system": "http://terminology.hl7.org/CodeSystem/claim-type", "code": "professional"}
    ]
}


@dataclass
class Ledger:
    """Decides Claims beside a preauthorization, and looks at what is left of it."""

    desk: object
    worker: object
    preauthorization: object = None

    def decided(self, *arguments, **elements):
        """A Claim, decided."""
        taken = self.desk.create(a_claim(*arguments, **elements))
        self.worker.drain()
        return taken

    def quoting(self, *quoted, prices=("12.50",), member="M1", **elements):
        """A Claim over 10.00 that quotes the preauthorization, or whatever it is told."""
        quote = a_quote(*(quoted or (self.preauthorization.stored.id,)), member=member)
        elements = {"serviced": "2026-03-02", **elements}
        return self.decided(insurance=quote, prices=prices, **elements)

    def sums(self, taken=None):
        """The sums of a preauthorization, which are always those of its entries."""
        id = (taken or self.preauthorization).stored.id
        look = self.desk.installation.store.read
        now = look(lambda connection: kept(connection, id))
        assert now == look(lambda connection: recomputed(connection, id))
        return money({"measure": measure, **sums} for (_, measure), sums in now.items())

    def task(self, code, taken):
        return self.desk.task(a_task(code, focus=taken.stored.reference))


@pytest.fixture
def ledger(desk, insured, worker):
    """A preauthorization over 80.00 for service 1200, from 2 March to 31 May."""
    made = Ledger(desk, worker)
    made.preauthorization = made.decided("preauthorization")
    return made


UNUSED = {"reserved": 8000, "open": 8000}
USED = {"reserved": 8000, "consumed": 1000, "open": 7000}


def test_the_response_tells_what_to_quote(ledger, desk):
    response = desk.document(ledger.preauthorization.related)

    assert response["preAuthRef"] == f"PA-{ledger.preauthorization.stored.id}"
    assert response["preAuthPeriod"] == {"start": "2026-03-02", "end": "2026-05-31"}


# --- not used


def test_a_claim_that_quotes_nothing_uses_nothing(ledger):
    ledger.decided(prices=["12.50"], serviced="2026-03-02", type={"coding": [{"code": "vision"}]})

    assert ledger.sums() == UNUSED
    ledger.quoting()
    assert ledger.sums() == USED


@pytest.mark.parametrize("use", ["preauthorization", "predetermination"])
def test_only_what_is_claimed_uses_anything(ledger, use):
    quote = a_quote(ledger.preauthorization.stored.id)
    ledger.decided(use, insurance=quote, serviced="2026-03-02")

    assert ledger.sums() == UNUSED


def test_what_quotes_something_else_uses_nothing(ledger):
    ledger.quoting("unknown")
    ledger.quoting(f"x{ledger.preauthorization.stored.id}")

    assert ledger.sums() == UNUSED


def test_what_another_insurance_quotes_is_not_quoted_to_this_payer(ledger):
    [other] = a_quote(ledger.preauthorization.stored.id)
    [focal] = a_quote("unknown")
    second = {**other, "sequence": 2, "focal": False}
    ledger.decided(insurance=[focal, second], prices=["12.50"], serviced="2026-03-02")

    assert ledger.sums() == UNUSED


def test_another_member_uses_nothing(ledger, insured):
    insured.create(a_coverage("M2"))

    ledger.quoting(member="M2")

    assert ledger.sums() == UNUSED


def test_another_provider_uses_nothing(ledger):
    ledger.quoting(provider={"identifier": identifier("sid", "Somebody else")})

    assert ledger.sums() == UNUSED


@pytest.fixture
def narrow(installation, registry, worker, ledger):
    """A submitter that acts for itself alone, which quotes the preauthorization of another."""
    issued = registry.submitter("Attacker", acts_for_anybody=False)
    return Ledger(Desk(installation, issued.client), worker, ledger.preauthorization)


def an_organization(*names, **elements):
    return {
        "resourceType": "Organization",
        "identifier": [identifier("sid", name) for name in names],
        **elements,
    }


def test_a_provider_that_is_renamed_after_its_claim_came_in_uses_nothing(ledger, narrow):
    provider = narrow.desk.create(an_organization("Attacker")).stored
    quote = a_quote(ledger.preauthorization.stored.id)
    by_reference = {"reference": provider.reference}
    narrow.desk.create(
        a_claim(insurance=quote, prices=["12.50"], serviced="2026-03-02", provider=by_reference)
    )

    renamed = received(an_organization("Happy Valley", id=provider.id))
    target = Target("Organization", provider.id)
    narrow.desk.gateway.update(narrow.desk.client, renamed, target)
    narrow.worker.drain()

    assert ledger.sums() == UNUSED
    ledger.quoting(type=OF_ANOTHER_TYPE)
    assert ledger.sums() == USED


def test_a_claim_uses_what_its_provider_was_though_it_is_renamed_since(desk, insured, worker):
    provider = desk.create(an_organization("Happy Valley")).stored
    made = Ledger(desk, worker)
    made.preauthorization = made.decided("preauthorization")
    quote = a_quote(made.preauthorization.stored.id)
    by_reference = {"reference": provider.reference}
    desk.create(
        a_claim(insurance=quote, prices=["12.50"], serviced="2026-03-02", provider=by_reference)
    )

    renamed = received(an_organization("Renamed", id=provider.id))
    desk.gateway.update(desk.client, renamed, Target("Organization", provider.id))
    worker.drain()

    assert made.sums() == USED


@pytest.mark.parametrize("is_contained", [True, False])
@pytest.mark.parametrize("names", [("Happy Valley", "Attacker"), ("Attacker", "Happy Valley")])
def test_a_name_that_the_submitter_may_not_speak_for_uses_nothing(
    ledger, narrow, names, is_contained
):
    document = an_organization(*names)
    if is_contained:
        contained = [{**document, "id": "provider"}]
        narrow.quoting(provider={"reference": "#provider"}, contained=contained)
    else:
        stored = narrow.desk.create(document).stored
        narrow.quoting(provider={"reference": stored.reference})

    assert ledger.sums() == UNUSED
    contained = [{**document, "id": "provider"}]
    theirs = {"provider": {"reference": "#provider"}, "contained": contained}
    ledger.quoting(type=OF_ANOTHER_TYPE, **theirs)
    assert ledger.sums() == USED


def test_a_reference_to_what_another_submitter_has_uses_nothing(desk, insured, worker, narrow):
    provider = {"reference": desk.create(an_organization("Happy Valley")).stored.reference}
    made = Ledger(desk, worker)
    made.preauthorization = made.decided("preauthorization", provider=provider)
    quoted = made.preauthorization.stored.id

    narrow.quoting(quoted, provider={**provider, "identifier": identifier("sid", "Attacker")})

    assert made.sums() == UNUSED
    made.quoting(provider=provider, type=OF_ANOTHER_TYPE)
    assert made.sums() == USED


def test_a_submitter_that_acts_for_itself_alone_uses_what_it_reserved(insured, worker, narrow):
    own = {"identifier": identifier("sid", "Attacker")}
    made = Ledger(narrow.desk, worker)
    made.preauthorization = made.decided("preauthorization", provider=own)

    made.quoting(provider=own)

    assert made.sums() == USED


def test_an_organization_of_the_payers_stands_for_who_it_says(insured, worker, narrow):
    told = insured.create(an_organization("Attacker", id="org")).stored.reference
    made = Ledger(narrow.desk, worker)
    own = {"identifier": identifier("sid", "Attacker")}
    made.preauthorization = made.decided("preauthorization", provider=own)

    made.quoting(provider={"reference": told})

    assert made.sums() == USED


def test_another_submitter_of_the_same_provider_may_use_it(ledger, stranger, worker):
    Ledger(stranger, worker, ledger.preauthorization).quoting()

    assert ledger.sums() == USED


def test_a_service_before_its_days_uses_nothing(ledger):
    ledger.quoting(serviced="2026-03-01")

    assert ledger.sums() == UNUSED


def test_a_service_after_its_days_uses_nothing(ledger, clock):
    clock.now = clock.now.replace(month=6, day=1)

    ledger.desk.create(
        a_claim(
            insurance=a_quote(ledger.preauthorization.stored.id),
            prices=["12.50"],
            serviced="2026-06-01",
            created="2026-06-01",
        )
    )
    ledger.worker.drain()

    assert ledger.sums() == UNUSED


@pytest.mark.parametrize("serviced", ["2026-03-02", "2026-05-31"])
def test_its_first_and_its_last_day_are_its_own(ledger, clock, serviced):
    clock.now = clock.now.replace(month=int(serviced[5:7]), day=int(serviced[8:]))

    ledger.quoting(serviced=serviced, created=serviced)

    assert ledger.sums() == USED


def test_only_the_lines_of_its_services_use_it(ledger):
    document = a_claim(
        insurance=a_quote(ledger.preauthorization.stored.id),
        prices=["12.50", "25.00"],
        serviced="2026-03-02",
    )
    document["item"][1]["productOrService"] = ANOTHER_SERVICE
    ledger.desk.create(document)
    ledger.worker.drain()

    assert ledger.sums() == USED


# --- used


def test_a_provider_is_known_by_its_reference_and_by_its_identifiers(desk, insured, worker):
    provider = desk.create(
        {"resourceType": "Organization", "identifier": [identifier("sid", "Happy Valley")]}
    )
    made = Ledger(desk, worker)
    by_reference = {"reference": provider.stored.reference}
    made.preauthorization = made.decided("preauthorization", provider=by_reference)

    made.quoting()

    assert made.sums() == USED


def test_no_more_is_used_than_is_open(ledger):
    for kind in ("oral", "vision"):
        ledger.quoting(prices=["75.00"], type={"coding": [{"code": kind}]})

    assert ledger.sums() == {"reserved": 8000, "consumed": 8000}


def test_what_one_does_not_cover_is_taken_from_the_next_that_is_quoted(ledger):
    second = ledger.decided("preauthorization")
    ids = sorted(one.stored.id for one in (ledger.preauthorization, second))

    ledger.quoting(*ids, prices=["125.00"])

    first, later = sorted((ledger.preauthorization, second), key=lambda one: one.stored.id)
    assert ledger.sums(first) == {"reserved": 8000, "consumed": 8000}
    assert ledger.sums(later) == {"reserved": 8000, "consumed": 2000, "open": 6000}


def test_quoted_twice_it_is_used_once(ledger):
    id = ledger.preauthorization.stored.id
    ledger.quoting(id, id)

    assert ledger.sums() == USED


@pytest.mark.parametrize("code", ["cancel", "nullify"])
def test_what_ends_a_claim_gives_back_what_it_used(ledger, code):
    using = ledger.quoting()

    assert ledger.task(code, using)["status"] == "completed"

    assert ledger.sums() == {"reserved": 8000, "consumed": 1000, "restored": 1000, "open": 8000}


def test_a_claim_decided_again_uses_what_it_is_decided_on_now(ledger, insured):
    using = ledger.quoting()
    insured.create(a_price(fee="5.00"))

    ledger.task("reprocess", using)
    assert ledger.sums() == USED
    ledger.worker.drain()

    # 80 % of 5.00 is needed of the 10.00 that it had: the difference is given back.
    assert ledger.sums() == {
        "reserved": 8000,
        "consumed": 1000,
        "restored": 600,
        "open": 7600,
    }


def test_a_claim_decided_again_keeps_what_it_has_of_one_that_has_expired(ledger, clock):
    using = ledger.quoting()
    clock.forward(days=200)
    ledger.worker.drain()
    expired = {"reserved": 8000, "consumed": 1000, "expired": 7000}
    assert ledger.sums() == expired

    ledger.task("reprocess", using)
    ledger.worker.drain()

    assert ledger.sums() == expired


def test_a_claim_in_another_currency_uses_nothing(ledger):
    ledger.quoting(
        total={"value": 1000, "currency": "JPY"},
        item=[
            {
                "sequence": 1,
                "productOrService": {"coding": [{"system": "http://codes.test", "code": "1200"}]},
                "servicedDate": "2026-03-02",
                "net": {"value": 1000, "currency": "JPY"},
            }
        ],
    )

    assert ledger.sums() == {"reserved": 8000, "open": 8000}


def test_decided_again_it_holds_never_less_than_claims_have_used(ledger, insured):
    ledger.quoting(prices=["50.00"])
    insured.create(a_price(fee="25.00"))

    ledger.task("reprocess", ledger.preauthorization)
    ledger.worker.drain()

    # Granted are 20.00 now, and 40.00 have been used: nothing is open, and nothing is taken back.
    assert ledger.sums() == {"reserved": 8000, "consumed": 4000, "released": 4000}


def test_decided_again_on_nothing_it_holds_nothing_more(ledger, insured, desk):
    coverage = a_coverage(period={"start": "2026-06-01"}, id=None)
    stored = desk.installation.store.read(
        lambda connection: connection.execute(
            tables.resource.select().where(tables.resource.c.type == "Coverage")
        ).one()
    )
    replace_coverage(insured, stored.id, coverage)

    ledger.task("reprocess", ledger.preauthorization)
    ledger.worker.drain()

    assert ledger.sums() == {"reserved": 8000, "released": 8000}


def replace_coverage(core, id, coverage):
    """The payer changes a Coverage that it keeps."""
    text = json_text.write(coverage)
    core.do(lambda work: keep(json_text.parsed(text), text, "core", work, id=id))


def test_the_quoted_number_stays_the_same_however_often_it_is_decided(ledger, desk):
    ledger.task("reprocess", ledger.preauthorization)
    ledger.worker.drain()

    response = desk.submission(ledger.preauthorization).response_id
    assert desk.document(f"ClaimResponse/{response}")["preAuthRef"] == (
        f"PA-{ledger.preauthorization.stored.id}"
    )
    ledger.quoting()
    assert ledger.sums() == USED


def test_what_it_is_for_is_kept_as_hashes_alone(ledger):
    rows = ledger.desk.installation.store.read(
        lambda connection: connection.execute(tables.reservation.select()).all()
    )

    told = " ".join(str(value) for row in rows for value in row)
    for word in ("Happy Valley", "1200", "codes.test", COVERAGE_SYSTEM):
        assert word not in told

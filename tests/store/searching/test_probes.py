"""Conditions: what is found by each kind, alone and joined, and by whom."""

from datetime import timedelta

import pytest

from app.domain.search.query import (
    AnyOf,
    Chained,
    Comparator,
    DateMatch,
    Has,
    Missing,
    ReferenceMatch,
    ReferredTo,
    TextMatch,
    TokenMatch,
)
from tests.builders import NOW
from tests.store.scopes import FOREIGN, MINE, PAYERS, THEIRS
from tests.store.searching.world import date, day, link, token, words


def coded(name, code):
    return Has((name,), (TokenMatch(code),))


def refers(name, reference):
    return Has((name,), (ReferenceMatch(*reference.split("/")),))


@pytest.fixture
def owned(world):
    """The same Claim of two submitters and one of the payer's; each about its own Patient."""
    for id, scope in {"mine": MINE, "theirs": THEIRS, "payers": PAYERS, "foreign": FOREIGN}.items():
        patient = (token("identifier", "p-1"), words("family", "Doe"), token("gender", "other"))
        world.add(f"Patient/{id}", *patient, scope=scope)
        claim = (token("identifier", "c-1"), link("patient", f"Patient/{id}"), date("created", 5))
        world.add(f"Claim/{id}", *claim, token("status", "active"), scope=scope)
    return world


BY_IDENTIFIER = coded("identifier", "c-1")
BY_PATIENT = Chained("patient", ("Patient",), (coded("identifier", "p-1"),))
CONDITIONS = {
    "nothing": (),
    "identifier": (BY_IDENTIFIER,),
    "status": (coded("status", "active"),),
    "date": (Has(("created",), (DateMatch(Comparator.EQUAL, day(5), day(6)),)),),
    "wide date": (Has(("created",), (DateMatch(Comparator.LESS, day(9), day(9)),)),),
    "none of it": (Has(("status",), (TokenMatch("draft"),), is_negated=True),),
    "missing": (Missing("use", is_missing=True),),
    "last updated": (Has(("_lastUpdated",), (DateMatch(Comparator.EQUAL, NOW, NOW),)),),
    "patient's identifier": (BY_PATIENT,),
    "patient's gender": (Chained("patient", ("Patient",), (coded("gender", "other"),)),),
    "patient's name": (
        Chained("patient", ("Patient", "Group"), (Has(("family",), (TextMatch("doe"),)),)),
    ),
    "either": (AnyOf((BY_IDENTIFIER, BY_PATIENT)),),
    "all": (BY_IDENTIFIER, BY_PATIENT, coded("status", "active"), Missing("status", False)),
}
SEEN = {"mine": MINE, "theirs": THEIRS, "foreign": FOREIGN}


@pytest.mark.parametrize("conditions", CONDITIONS.values(), ids=CONDITIONS)
def test_a_submitter_finds_its_own_alone_and_the_payer_all(owned, conditions):
    for id, scope in SEEN.items():
        assert owned.found("Claim", *conditions, scope=scope) == [id]
    assert owned.found("Claim", *conditions, scope=PAYERS) == ["mine", "payers", "theirs"]


@pytest.mark.parametrize(
    "conditions",
    [(coded("identifier", "c-1"),), (coded("status", "active"),), ()],
    ids=["identifier", "status", "nothing"],
)
def test_what_refers_is_found_only_by_who_sees_it(owned, conditions):
    condition = ReferredTo("Claim", "patient", conditions)

    for id, scope in SEEN.items():
        assert owned.found("Patient", condition, scope=scope) == [id]
    assert owned.found("Patient", condition, scope=PAYERS) == ["mine", "payers", "theirs"]


@pytest.mark.parametrize("name", ["identifier", "gender"])
@pytest.mark.parametrize("target", ["theirs", "payers"])
def test_a_chain_to_what_is_not_seen_finds_nothing(owned, target, name):
    owned.add("Claim/guess", link("patient", f"Patient/{target}"))
    code = {"identifier": "p-1", "gender": "other"}[name]
    chain = Chained("patient", ("Patient",), (coded(name, code),))
    negated = Chained(
        "patient", ("Patient",), (Has((name,), (TokenMatch("never"),), is_negated=True),)
    )

    assert owned.found("Claim", chain, refers("patient", f"Patient/{target}")) == []
    assert owned.found("Claim", negated, refers("patient", f"Patient/{target}")) == []
    assert owned.found("Claim", refers("patient", f"Patient/{target}")) == ["guess"]
    assert "guess" in owned.found("Claim", chain, scope=PAYERS)


@pytest.mark.parametrize("code", ["c-2", "c-1"])
def test_that_somebody_else_refers_to_mine_is_not_told(owned, code):
    owned.add(
        "Claim/spy", link("patient", "Patient/mine"), token("identifier", "c-2"), scope=THEIRS
    )
    condition = ReferredTo("Claim", "patient", (coded("identifier", code),))

    assert owned.found("Patient", condition) == (["mine"] if code == "c-1" else [])
    assert "mine" in owned.found("Patient", condition, scope=PAYERS)


def test_the_payers_open_reference_data_is_found_beside_ones_own(world):
    for id, scope in {"a": PAYERS, "b": MINE, "c": THEIRS, "d": FOREIGN}.items():
        world.add(f"Organization/{id}", token("active", "true"), scope=scope)
        world.add(f"Coverage/{id}", token("status", "active"), scope=scope)

    assert world.found("Organization", coded("active", "true")) == ["a", "b"]
    assert world.found("Organization") == ["a", "b"]
    assert world.found("Coverage", coded("status", "active")) == ["b"]
    assert world.found("Coverage") == ["b"]


def test_what_was_deleted_or_purged_is_found_by_nobody(owned):
    work = owned.seen_by(PAYERS)
    work.resources.delete(work.resources.find("Claim", "mine"))
    work.resources.delete(work.resources.find("Patient", "theirs"))
    work.resources.purge("Claim", "payers")

    assert owned.found("Claim", scope=PAYERS) == ["theirs"]
    assert owned.found("Claim", BY_IDENTIFIER, scope=PAYERS) == ["theirs"]
    assert owned.found("Claim", BY_PATIENT, scope=PAYERS) == []
    referred = ReferredTo("Claim", "patient", ())
    assert owned.found("Patient", referred, scope=PAYERS) == []
    assert owned.found("Patient", scope=PAYERS) == ["mine", "payers"]


@pytest.mark.parametrize(
    ("ids", "found"),
    [(("mine",), ["mine"]), (("mine", "theirs"), ["mine"]), (("a\x00",), []), (("",), [])],
    ids=str,
)
def test_an_id_is_found_as_it_stands(owned, ids, found):
    matches = tuple(map(TokenMatch, ids))

    assert owned.found("Claim", Has(("_id",), matches)) == found
    assert owned.found("Claim", Has(("_id",), matches), BY_IDENTIFIER) == found
    missed = [] if found else ["mine"]
    assert owned.found("Claim", Has(("_id",), matches, is_negated=True)) == missed


def test_no_entry_is_missing_and_one_of_any_kind_is_not(owned):
    assert owned.found("Claim", Missing("created", is_missing=True)) == []
    assert owned.found("Claim", Missing("created", is_missing=False)) == ["mine"]
    assert owned.found("Claim", Missing("provider", is_missing=True)) == ["mine"]
    owned.add("Claim/named", token("provider:identifier", "clinic"))
    assert owned.found("Claim", Missing("provider", is_missing=True)) == ["mine"]
    assert owned.found("Claim", Missing("provider", is_missing=False)) == ["named"]
    assert owned.found("Claim", Missing("_id", is_missing=True)) == []
    assert owned.found("Claim", Missing("_lastUpdated", is_missing=False)) == ["mine", "named"]


def test_every_condition_has_to_hold_and_one_of_the_values(world):
    world.add(
        "Claim/a", token("status", "active"), token("use", "claim"), link("patient", "Patient/1")
    )
    world.add(
        "Claim/b", token("status", "draft"), token("use", "claim"), link("patient", "Patient/1")
    )
    world.add(
        "Claim/c", token("status", "draft"), token("use", "other"), link("patient", "Patient/2")
    )

    assert world.found("Claim", coded("status", "draft"), coded("use", "claim")) == ["b"]
    both = Has(("status",), (TokenMatch("active"), TokenMatch("draft")))
    assert world.found("Claim", both) == ["a", "b", "c"]
    assert world.found("Claim", both, refers("patient", "Patient/1")) == ["a", "b"]
    # Each condition may be met by another value of the same name.
    world.add("Claim/d", token("status", "active"), token("status", "draft"))
    assert world.found("Claim", coded("status", "draft"), coded("status", "active")) == ["d"]
    assert world.found("Claim", AnyOf((coded("use", "other"), refers("patient", "Patient/1")))) == [
        "a",
        "b",
        "c",
    ]
    several = Has(("patient", "use"), (TokenMatch("other"), ReferenceMatch("Patient", "1")))
    assert world.found("Claim", several) == ["a", "b", "c"]


def test_chains_go_on_and_back(world):
    world.add("Organization/o", words("name", "Hospital"))
    world.add("Practitioner/p", link("employer", "Organization/o"))
    world.add("Claim/c", link("provider", "Practitioner/p"), token("identifier", "1"))
    world.add("ClaimResponse/r", link("request", "Claim/c"), token("outcome", "queued"))
    employed = Chained("employer", ("Organization",), (Has(("name",), (TextMatch("hosp"),)),))
    claimed = Chained("provider", ("Practitioner", "Organization"), (employed,))

    assert world.found("Claim", claimed) == ["c"]
    assert world.found("ClaimResponse", Chained("request", ("Claim",), (claimed,))) == ["r"]
    answered = ReferredTo("ClaimResponse", "request", (coded("outcome", "queued"),))
    assert world.found("Claim", answered) == ["c"]
    assert world.found("Practitioner", ReferredTo("Claim", "provider", (answered,))) == ["p"]
    assert world.found("Organization", Missing("name", False), AnyOf((coded("x", "y"),))) == []


@pytest.mark.parametrize(
    ("comparator", "found"),
    [
        ("eq", ["b"]),
        ("ne", ["a", "c"]),
        ("gt", ["c"]),
        ("lt", ["a"]),
        ("ge", ["b", "c"]),
        ("le", ["a", "b"]),
        ("sa", ["c"]),
        ("eb", ["a"]),
        ("ap", ["b"]),
    ],
)
def test_the_last_change_is_that_of_the_current_version(world, comparator, found):
    first = [world.add(f"Claim/{id}", now=NOW) for id in "abc"]
    # The second version of b is of the minute that is looked for, and so is a version of c.
    for minutes, stored in ((1, first[1]), (1, first[2])):
        work = world.seen_by(MINE, NOW + timedelta(minutes=minutes))
        again = work.resources.amend(stored, world.text())
    later = world.seen_by(MINE, NOW + timedelta(minutes=9))
    later.resources.amend(again, world.text())
    since, until = NOW + timedelta(seconds=50), NOW + timedelta(seconds=70)
    condition = Has(("_lastUpdated",), (DateMatch(Comparator(comparator), since, until),))

    assert world.found("Claim", condition) == found
    assert world.found("Claim", condition, scope=THEIRS) == []
    missed = sorted({"a", "b", "c"} - set(found))
    negated = Has(condition.names, condition.matches, is_negated=True)
    assert world.found("Claim", negated) == missed

"""Resources: who sees what, versions, and what identifiers find."""

import pytest
from sqlalchemy import insert, select, update

from app.domain.references import Identifier
from app.store import tables
from app.store.pended import Item
from app.store.resources import READABLE_REFERENCE_DATA, Stored, VersionConflict
from tests.builders import NOW
from tests.store.scopes import FOREIGN, MINE, PAYERS, THEIRS

NUMBER = Identifier("http://numbers.test", "1")
OTHER_NUMBER = Identifier("http://numbers.test", "2")

OWN, PAYERS_OPEN, PAYERS_CLOSED = "own", "payer's readable", "payer's unreadable"
OWNED = {
    OWN: ("Patient", MINE.submitter_id),
    PAYERS_OPEN: ("Organization", None),
    PAYERS_CLOSED: ("Coverage", None),
}
SEEN = [
    (OWN, MINE, True),
    (OWN, THEIRS, False),
    (OWN, PAYERS, True),
    (OWN, FOREIGN, False),
    (PAYERS_OPEN, MINE, True),
    (PAYERS_OPEN, THEIRS, True),
    (PAYERS_OPEN, PAYERS, True),
    (PAYERS_OPEN, FOREIGN, False),
    (PAYERS_CLOSED, MINE, False),
    (PAYERS_CLOSED, PAYERS, True),
    (PAYERS_CLOSED, FOREIGN, False),
]


def add(work, type="Patient", id="1", text='{"n":1}', identifiers=(), owner=MINE.submitter_id):
    return work.resources.add(type, id, text, identifiers, owner)


@pytest.mark.parametrize(("owned", "scope", "is_seen"), SEEN)
def test_a_scope_sees_its_own_and_what_the_payer_shows(view, owned, scope, is_seen):
    type, owner = OWNED[owned]
    stored = view(PAYERS).resources.add(type, "1", "{}", [NUMBER], owner)

    seen = view(scope).resources

    assert seen.find(type, "1") == (stored if is_seen else None)
    assert seen.find(type, "1", lock=True) == (stored if is_seen else None)
    assert seen.find_version(type, "1", 1) == (stored if is_seen else None)
    assert seen.identified([type], NUMBER) == ([(type, "1")] if is_seen else [])
    assert seen.has_any(type) is is_seen


@pytest.mark.parametrize("owned", OWNED)
@pytest.mark.parametrize("scope", [MINE, PAYERS], ids=["submitter", "payer"])
def test_reference_data_is_what_the_payer_keeps_whoever_asks(view, owned, scope):
    type, owner = OWNED[owned]
    stored = view(PAYERS).resources.add(type, "1", "{}", [NUMBER], owner)
    is_payers = owner is None

    kept = view(scope).reference_data

    assert kept.find(type, "1") == (stored if is_payers else None)
    assert kept.identified([type], NUMBER) == ([(type, "1")] if is_payers else [])
    assert kept.has_any(type) is is_payers
    assert not view(FOREIGN).reference_data.has_any(type)


def test_members_are_never_readable_reference_data():
    assert READABLE_REFERENCE_DATA.isdisjoint({"Patient", "RelatedPerson", "Coverage"})


def test_a_stale_version_is_not_amended(work):
    first = add(work)
    second = work.resources.amend(first, '{"n":2}')

    with pytest.raises(VersionConflict, match="Patient/1"):
        work.resources.amend(first, '{"n":3}')

    assert work.resources.find("Patient", "1") == second
    assert work.resources.find_version("Patient", "1", 3) is None


def test_the_current_version_is_amended_and_every_earlier_one_kept(work):
    first = add(work)

    second = work.resources.amend(first, '{"n":2}')

    assert second == Stored("Patient", "1", 2, NOW, '{"n":2}', MINE.submitter_id)
    assert work.resources.find("Patient", "1") == second
    assert work.resources.find_version("Patient", "1", 1) == first
    assert work.resources.find_version("Patient", "1", 2) == second
    assert (second.reference, second.versioned) == ("Patient/1", "Patient/1/_history/2")


def test_an_id_is_given_once_per_type_and_payer(view, work):
    add(work)

    with pytest.raises(VersionConflict):
        add(work)

    assert add(work, type="Account").reference == "Account/1"
    assert add(view(FOREIGN)).reference == "Patient/1"


def test_text_comes_back_character_for_character(work):
    text = '{ "value" : 100.00,\n "name":"Zoë \\u00e9 🦷" }'

    add(work, text=text)

    assert work.resources.find("Patient", "1").text == text


def test_a_resource_that_is_gone_has_a_version_and_no_text(work, connection):
    add(work)
    connection.execute(update(tables.resource).values(gone_at=NOW))

    assert work.resources.find("Patient", "1") == Stored(
        "Patient", "1", 1, NOW, None, MINE.submitter_id
    )


@pytest.mark.parametrize("scope", [MINE, PAYERS], ids=["submitter", "payer"])
def test_what_a_poll_handed_over_comes_in_its_order_in_the_versions_it_had_then(work, view, scope):
    first = add(work)
    second = work.resources.amend(first, '{"n":2}')
    account = add(work, type="Account")
    items = [
        Item(1, "Patient", "1", 2, 7, deliveries=1),
        Item(2, "Account", "1", 1, 7, deliveries=3),
        Item(3, "Patient", "9", 1, 7, deliveries=1),
        Item(4, "Patient", "1", 1, 7, deliveries=1),
        Item(5, "Account", "1", 2, 7, deliveries=1),
    ]
    work.pended.record_hand_over("T1", items)

    handed_over = view(scope).visible.handed_over("T1")

    assert handed_over == [(second, 1), (account, 3), (first, 1)]
    assert view(scope).visible.handed_over("T2") == []


@pytest.mark.parametrize("scope", [THEIRS, FOREIGN], ids=["another's", "another payer's"])
def test_what_was_handed_over_is_seen_by_whom_it_was_given_to_alone(work, view, scope):
    stored = add(work)
    open_to_all = view(PAYERS).resources.add("Organization", "1", "{}", [], None)
    items = [Item(1, "Patient", "1", 1, 7, 1), Item(2, "Organization", "1", 1, 2, 1)]
    work.pended.record_hand_over("T1", items)

    assert view(scope).visible.handed_over("T1") == []
    assert work.visible.handed_over("T1") == [(stored, 1), (open_to_all, 1)]


def test_what_is_anothers_is_not_seen_by_being_handed_over(work, view):
    add(view(THEIRS), owner=THEIRS.submitter_id)
    stored = add(work, id="2")
    items = [Item(1, "Patient", "1", 1, 7, 1), Item(2, "Patient", "2", 1, 7, 1)]
    work.pended.record_hand_over("T1", items)

    assert work.visible.handed_over("T1") == [(stored, 1)]


def test_what_was_handed_over_and_purged_since_has_no_text(work):
    add(work)
    work.pended.record_hand_over("T1", [Item(1, "Patient", "1", 1, 7, 1)])
    work.resources.purge("Patient", "1")

    [(stored, delivery)] = work.visible.handed_over("T1")

    assert (stored.reference, stored.text, delivery) == ("Patient/1", None, 1)


def test_an_identifier_finds_only_types_that_are_asked_for(work):
    add(work, identifiers=[NUMBER])
    add(work, type="Account", id="2", identifiers=[NUMBER, NUMBER])

    assert work.resources.identified(["Account"], NUMBER) == [("Account", "2")]
    assert work.resources.identified(["Account", "Patient"], NUMBER) == [
        ("Account", "2"),
        ("Patient", "1"),
    ]
    assert work.resources.identified(["Account", "Patient"], OTHER_NUMBER) == []


def test_a_system_is_part_of_an_identifier(work):
    add(work, identifiers=[Identifier(None, "1")])

    assert work.resources.identified(["Patient"], Identifier(None, "1")) == [("Patient", "1")]
    assert work.resources.identified(["Patient"], NUMBER) == []


def test_an_identifier_is_kept_unreadable(work, connection):
    add(work, identifiers=[Identifier("http://numbers.test", "secret-4711")])

    rows = connection.execute(select(tables.business_identifier)).all()

    assert len(rows) == 1
    assert "secret-4711" not in str(rows)


def test_replacing_is_found_by_the_new_identifiers_alone(work):
    first = add(work, identifiers=[NUMBER])

    second = work.resources.replace(first, '{"n":2}', [OTHER_NUMBER])

    assert second.version == 2
    assert work.resources.identified(["Patient"], NUMBER) == []
    assert work.resources.identified(["Patient"], OTHER_NUMBER) == [("Patient", "1")]


def test_amending_keeps_the_identifiers(work):
    work.resources.amend(add(work, identifiers=[NUMBER]), '{"n":2}')

    assert work.resources.identified(["Patient"], NUMBER) == [("Patient", "1")]


def test_a_body_of_an_unknown_format_is_not_guessed_at(work, connection):
    add(work)
    row = {"payer_id": MINE.payer_id, "type": "Patient", "id": "1", "version": 2}
    connection.execute(
        insert(tables.resource_version).values(**row, updated_at=NOW, body_format=7, body=b"?")
    )

    with pytest.raises(ValueError, match="unknown body format 7"):
        work.resources.find_version("Patient", "1", 2)

"""What permissions do not cover is as if missing; what is carried out knows it all the same."""

from dataclasses import replace

import pytest
from sqlalchemy import true

from app.domain.permissions import CONFIDENTIALITY, EVERYTHING, Permissions
from app.store import tables
from app.store.visibility import seen
from tests.store.scopes import MINE, PAYERS, THEIRS

LABEL = tables.resource.c.label


def limited(scope, text):
    return replace(scope, permissions=Permissions.parse(text))


def a_text(*codes):
    security = ", ".join(f'{{"system": "{CONFIDENTIALITY}", "code": "{code}"}}' for code in codes)
    return f'{{"resourceType": "Patient", "meta": {{"security": [{security}]}}}}'


@pytest.fixture
def patients(view):
    """One Patient for each label, by its id."""
    for id, codes in (("plain", ()), ("r", ("R",)), ("v", ("R", "V"))):
        view(MINE).resources.add("Patient", id, a_text(*codes), (), "submitter-1")
    return ("plain", "r", "v")


@pytest.mark.parametrize("scope", [MINE, PAYERS])
@pytest.mark.parametrize(
    ("scopes", "shown"),
    [
        ("system/Patient.r", ["plain"]),
        ("system/Patient.r system/*.r?_security=R", ["plain", "r"]),
        ("system/*.r?_security=V", ["v"]),
        ("system/Claim.rs", []),
        ("system/Patient.s", []),
        (str(EVERYTHING), ["plain", "r", "v"]),
    ],
)
def test_what_may_be_read_is_found(view, patients, scope, scopes, shown):
    visible = view(limited(scope, scopes)).visible

    assert [id for id in patients if visible.find("Patient", id)] == shown
    assert [id for id in patients if visible.find_version("Patient", id, 1)] == shown
    assert all(view(limited(scope, scopes)).resources.find("Patient", id) for id in patients)


def test_a_name_tells_of_what_has_no_guarded_label_and_of_what_is_not_there(view, patients):
    known = view(limited(MINE, "system/Task.c")).visible.is_known
    restricted = view(limited(MINE, "system/Patient.r?_security=R")).visible.is_known

    assert [id for id in patients if known("Patient", id)] == ["plain"]
    assert [id for id in patients if restricted("Patient", id)] == ["plain", "r"]
    assert known("Patient", "none")
    assert view(limited(THEIRS, "system/Task.c")).visible.is_known("Patient", "r")


def test_a_label_goes_with_the_text_of_the_next_version(view, patients):
    work, plain = view(MINE), view(limited(MINE, "system/Patient.r")).visible
    labelled = work.resources.find("Patient", "r")

    open_ = work.resources.replace(labelled, a_text(), ())
    assert plain.find("Patient", "r") == open_

    deleted = work.resources.delete(work.resources.replace(open_, a_text("V"), ()))
    assert deleted.label == "V"
    assert plain.find("Patient", "r") is None


def test_who_sees_everything_has_no_condition():
    assert seen(EVERYTHING, "r", "Patient", LABEL) is true()
    assert seen(EVERYTHING, "rs", tables.resource.c.type, LABEL) is true()
    assert seen(Permissions.parse("system/*.rs"), "r", "Patient", LABEL) is not true()

"""Scopes are read strictly, mean one thing each, and are never more than what both sides gave."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.permissions import (
    CONFIDENTIALITY,
    EVERYTHING,
    LETTERS,
    MOST_SCOPES,
    Permissions,
    label_of,
    label_that_counts,
    scope_for,
)

REFUSED = [
    "",
    " ",
    "system/Claim",
    "system/Claim.",
    "system/.rs",
    "system/claim.rs",
    "system/Claim.sr",
    "system/Claim.rr",
    "system/Claim.x",
    "system/Claim.Read",
    "system/Claim.reads",
    "patient/Claim.rs",
    "user/Claim.rs",
    "System/Claim.rs",
    "launch",
    "openid",
    "system/Claim.rs ",
    " system/Claim.rs",
    "system/Claim.rs  system/Task.c",
    "system/Claim.rs\tsystem/Task.c",
    "system/Claim.rs\n",
    "system/Claim.rs,system/Task.c",
    "system/Claim.rs?",
    "system/Claim.rs?_security",
    "system/Claim.rs?_security=",
    "system/Claim.rs?_security=N",
    "system/Claim.rs?_security=r",
    "system/Claim.rs?_security=R,V",
    "system/Claim.rs?_security=R&_security=V",
    "system/Claim.rs?_security=http://other.test|R",
    "system/Claim.rs?patient=1",
    "system/Claim.c?code=cancel",
    "system/*.c?code=cancel",
    "system/Task.rs?code=cancel",
    "system/Task.cr?code=cancel",
    "system/Task.c?code=approve",
    "system/Task.c?code=",
    "system/Task.c?code=cancel&_security=R",
    "system/Claim.read?_security=R",
    "system/**.rs",
    f"system/{'C' * 65}.rs",
]
CANONICAL = {
    "system/Claim.crus": "system/Claim.crus",
    "system/Claim.rs system/Claim.cu": "system/Claim.crus",
    "system/Task.c?code=nullify": "system/Task.c?code=nullify",
    "system/Claim.rs?_security=R": "system/Claim.rs?_security=R",
    f"system/Claim.rs?_security={CONFIDENTIALITY}|V": "system/Claim.rs?_security=V",
    "system/Claim.read": "system/Claim.rs",
    "system/Claim.write": "system/Claim.cud",
    "system/Claim.*": "system/Claim.cruds",
    "system/*.*": "system/*.cruds",
    "system/*.rs system/Claim.rs": "system/*.rs",
    "system/*.rs system/Claim.crs": "system/*.rs system/Claim.c",
    "system/Task.c system/Task.c?code=poll": "system/Task.c",
    "system/Claim.c system/Claim.cr?_security=R": "system/Claim.c system/Claim.r?_security=R",
    "system/Task.rs system/Claim.c": "system/Claim.c system/Task.rs",
}
NARROWED = [
    ("system/*.rs", "system/Claim.crs", "system/Claim.rs"),
    ("system/Claim.crs", "system/*.rs", "system/Claim.rs"),
    ("system/Claim.rs", "system/Task.rs", ""),
    ("system/Task.c", "system/Task.c?code=poll", "system/Task.c?code=poll"),
    ("system/*.c", "system/Task.c?code=poll", "system/Task.c?code=poll"),
    ("system/Task.c?code=cancel", "system/Task.c?code=poll", ""),
    ("system/Claim.rs?_security=R", "system/Claim.rs", ""),
    ("system/Claim.rs?_security=R", "system/Claim.rs?_security=V", ""),
    ("system/Claim.c?_security=R", "system/Claim.c", "system/Claim.c?_security=R"),
    ("system/Claim.rs?_security=R", "system/*.rs?_security=R", "system/Claim.rs?_security=R"),
]


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_not_a_scope_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"scope|part"):
        Permissions.parse(text)


@pytest.mark.parametrize(("text", "canonical"), CANONICAL.items())
def test_scopes_are_written_one_way(text: str, canonical: str) -> None:
    permissions = Permissions.parse(text)

    assert str(permissions) == canonical
    assert Permissions.parse(canonical) == permissions


@pytest.mark.parametrize(("asked", "registered", "given_"), NARROWED)
def test_nobody_gets_more_than_was_registered(asked: str, registered: str, given_: str) -> None:
    permissions = Permissions.parse(asked).within(Permissions.parse(registered))

    assert str(permissions) == given_
    assert permissions.is_empty == (not given_)


@pytest.mark.parametrize("letter", LETTERS)
def test_a_letter_allows_itself_and_nothing_else(letter: str) -> None:
    permissions = Permissions.parse(f"system/Claim.{letter}")

    assert [one for one in LETTERS if permissions.allows(one, "Claim")] == [letter]
    assert not permissions.allows(letter, "ClaimResponse")


def test_a_task_is_allowed_by_its_code_or_by_all() -> None:
    poll = Permissions.parse("system/Task.c?code=poll")
    each = Permissions.parse("system/Task.c")

    assert poll.allows("c", "Task", task_code="poll")
    assert not poll.allows("c", "Task", task_code="nullify")
    assert not poll.allows("c", "Task")
    assert each.allows("c", "Task", task_code="nullify")
    assert each.allows("c", "Task")


def test_a_guarded_label_needs_a_scope_of_its_own() -> None:
    plain = Permissions.parse("system/Claim.crus")
    restricted = Permissions.parse("system/*.rs?_security=R")

    assert plain.allows("r", "Claim", labels=["N"])
    assert not plain.allows("r", "Claim", labels=["R"])
    assert restricted.allows("r", "Claim", labels=["N", "R"])
    assert not restricted.allows("r", "Claim", labels=["R", "V"])
    assert not restricted.allows("r", "Claim")


def test_who_may_create_may_label_what_it_creates() -> None:
    plain = Permissions.parse("system/Claim.c")
    restricted = Permissions.parse("system/Claim.c?_security=R")

    assert plain.allows("c", "Claim", labels=["V"])
    assert restricted.allows("c", "Claim", labels=["R"])
    assert not restricted.allows("c", "Claim", labels=["V"])
    assert not restricted.allows("c", "Claim")


def test_more_scopes_than_anybody_has_use_for_are_not_read() -> None:
    with pytest.raises(ValueError, match="scopes"):
        Permissions.parse(" ".join(["system/Claim.r"] * (MOST_SCOPES + 1)))
    assert str(Permissions.parse(" ".join(["system/Claim.r"] * MOST_SCOPES))) == "system/Claim.r"


def test_the_highest_label_counts() -> None:
    assert label_that_counts(["R", "N", "V"]) == "V"
    assert label_that_counts(["N", "R"]) == "R"
    assert label_that_counts(["N", "U"]) is None
    assert label_that_counts([]) is None


@pytest.mark.parametrize("labels", [(), ("R",), ("V",)])
@pytest.mark.parametrize("letter", LETTERS)
def test_everything_is_everything(letter: str, labels: tuple[str, ...]) -> None:
    assert EVERYTHING.allows(letter, "Claim", labels=labels)
    assert EVERYTHING.allows("c", "Task", task_code="nullify", labels=labels)


def test_a_scope_that_is_missing_is_named_as_narrow_as_it_can_be() -> None:
    assert scope_for("c", "Task", task_code="poll") == "system/Task.c?code=poll"
    assert scope_for("r", "Claim", labels=["R"]) == "system/Claim.r?_security=R"
    assert scope_for("c", "Claim", labels=["R"]) == "system/Claim.c"


_TYPES = ["*", "Claim", "Task"]
_letters = st.sets(st.sampled_from(LETTERS), min_size=1).map(
    lambda some: "".join(one for one in LETTERS if one in some)
)
_scope = st.one_of(
    st.builds("system/{}.{}".format, st.sampled_from(_TYPES), _letters),
    st.builds(
        "system/{}.{}?_security={}".format,
        st.sampled_from(_TYPES),
        _letters,
        st.sampled_from("RV"),
    ),
    st.sampled_from(["system/Task.c?code=poll", "system/Task.c?code=cancel"]),
)
_permissions = st.lists(_scope, min_size=1, max_size=4).map(" ".join).map(Permissions.parse)
_ASKED = [
    (letter, type, code, labels)
    for letter in LETTERS
    for type in ("Claim", "Task", "Coverage")
    for code in (
        (None, "poll", "cancel", "nullify") if (letter, type) == ("c", "Task") else (None,)
    )
    for labels in ((), ("R",), ("V",))
]


def _allowed(permissions: Permissions) -> list[bool]:
    return [
        permissions.allows(letter, type, task_code=code, labels=labels)
        for letter, type, code, labels in _ASKED
    ]


@given(one=_permissions, other=_permissions)
def test_what_is_within_both_is_what_each_of_both_allows(
    one: Permissions, other: Permissions
) -> None:
    both = [a and b for a, b in zip(_allowed(one), _allowed(other), strict=True)]

    assert _allowed(one.within(other)) == both


@given(one=_permissions)
def test_what_is_written_is_read_again(one: Permissions) -> None:
    assert Permissions.parse(str(one)) == one
    assert one.within(EVERYTHING) == one == EVERYTHING.within(one)


@pytest.mark.parametrize(
    ("security", "label"),
    [
        ([{"system": CONFIDENTIALITY, "code": "R"}], "R"),
        ([{"system": CONFIDENTIALITY, "code": code} for code in "NRV"], "V"),
        ([{"system": "urn:oid:2.16.840.1.113883.5.25", "code": "R"}], "R"),
        ([{"system": "http://hl7.org/fhir/v3/Confidentiality", "code": "V"}], "V"),
        ([{"system": CONFIDENTIALITY, "code": "N"}], None),
        ([{"system": "http://other.test", "code": "R"}], None),
        ([{"code": "R"}, {"system": CONFIDENTIALITY}, "R", None, 1], None),
        ([{"system": CONFIDENTIALITY, "code": ["R"]}], None),
        ({"system": CONFIDENTIALITY, "code": "R"}, None),
        (None, None),
    ],
)
def test_the_label_of_a_resource_is_told_by_its_code_system(
    security: object, label: str | None
) -> None:
    assert label_of({"resourceType": "Claim", "meta": {"security": security}}) == label


def test_labels_of_what_is_contained_do_not_count() -> None:
    inside = {"meta": {"security": [{"system": CONFIDENTIALITY, "code": "R"}]}}

    assert label_of({"resourceType": "Claim", "contained": [inside]}) is None
    assert label_of(inside) == "R"


def test_what_is_seen_is_told_by_label_and_by_type() -> None:
    permissions = Permissions.parse(
        "system/Claim.r system/*.rs?_security=R system/Task.c?code=poll"
    )

    assert permissions.types_with("r", "") == {"Claim"}
    assert permissions.types_with("rs", "R") == {"*"}
    assert permissions.types_with("rs", "V") == frozenset()
    assert permissions.touches("c", "Task")
    assert not permissions.touches("c", "Claim")
    assert permissions.touches("s", "Claim")

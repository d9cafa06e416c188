"""Many paths at once lead to what each of them leads to alone."""

import pytest

from app.fhir.search.paths import Member, Path
from app.fhir.search.walking import Walk


def path(*names):
    """The path of elements of these names."""
    return tuple(Member(name) for name in names)


def alone(document, members):
    """What a path leads to, step by step."""
    return Path(members)([document], document)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"item": None, "deceased": 7, "payee": [None]},
        {"item": "x", "payee": {"party": {"reference": "Patient/1"}}},
        {"item": [{"udi": [1, None, 2]}, None, 7, {"udi": 3, "detail": [{"udi": 4}, {}]}]},
        {"item": {"udi": 1, "detail": {"udi": [[2], {}]}}, "deceasedBoolean": False},
    ],
)
def test_a_walk_leads_where_each_of_its_paths_leads(document):
    paths = [
        path("item", "udi"),
        path("payee", "party"),
        path("item", "detail", "udi"),
        path("item"),
        path("deceased"),
        path("item", "udi"),
    ]

    assert Walk(paths)(document) == [alone(document, each) for each in paths]

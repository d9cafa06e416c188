"""Values of a query: escapes come back as they went in, and nothing sent is a fault."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.issues import ErrorCode, Unacceptable
from app.domain.search.query import TokenMatch
from app.fhir.search import values
from app.fhir.search.definitions import parameters_of, searchable_types
from app.fhir.search.reading import Query, read_query
from tests.fhir.asked import BASE

NOW = datetime(2026, 1, 1, tzinfo=UTC)
REFUSALS = {
    ErrorCode.SEARCH_PARAMETER,
    ErrorCode.SEARCH_MODIFIER,
    ErrorCode.SEARCH_COSTLY,
}
TYPES = sorted(searchable_types())
CODES = sorted({code for type in TYPES for code in parameters_of(type)})
RESULTS = ["_sort", "_count", "_summary", "_elements", "_total", "_include", "_revinclude"]
MODIFIERS = ["", ":missing", ":not", ":text", ":of-type", ":exact", ":identifier", ":Patient", ":x"]
VALUES = ["2024", "ap2024-01", "a|b", "a|b|c", "1", "9" * 30, "1e99", "-1e-99", "a$1", "true", "*"]

names = st.one_of(
    st.text(max_size=20),
    st.builds("".join, st.tuples(st.sampled_from(CODES), st.sampled_from(MODIFIERS))),
    st.builds(".".join, st.lists(st.sampled_from(CODES), min_size=2, max_size=5)),
    st.builds(
        "_has:{}:{}:{}".format,
        st.sampled_from(TYPES),
        st.sampled_from(CODES),
        st.sampled_from(CODES),
    ),
    st.sampled_from(RESULTS),
)
sent = st.one_of(
    st.text(max_size=30),
    st.text(alphabet="0123456789-T:+Z.eE|$,\\ aplqgt", max_size=25),
    st.sampled_from(VALUES),
    st.builds(
        "{}:{}".format, st.sampled_from(TYPES), st.sampled_from([*CODES, "*", "patient:Patient"])
    ),
)


def escaped(text):
    return "".join(f"\\{letter}" if letter in "\\,|$" else letter for letter in text)


@settings(deadline=None)
@given(st.lists(st.text(), min_size=1, max_size=4), st.sampled_from(",|$"))
def test_what_is_escaped_is_parted_and_comes_back(parts, separator):
    joined = separator.join(map(escaped, parts))

    assert [values.plain(part) for part in values.parts_of(joined, separator)] == parts


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", [""]),
        (",", ["", ""]),
        ("a,b|c", ["a", "b|c"]),
        (r"a\,b,c", [r"a\,b", "c"]),
        (r"a\\,b", [r"a\\", "b"]),
        ("a\\\n,b", ["a\\\n", "b"]),
        ("a,b\\", ["a", "b\\"]),
    ],
)
def test_a_text_is_parted_where_a_separator_is_not_escaped(text, parts):
    assert values.parts_of(text, ",") == parts


@settings(deadline=None)
@given(st.text(min_size=1), st.text(min_size=1))
def test_a_system_and_a_code_may_hold_anything(system, code):
    assert values.token(f"{escaped(system)}|{escaped(code)}") == TokenMatch(code, system)


def asked(type, pairs, *, is_strict):
    """The query, or the errors it is refused with."""
    try:
        return read_query(type, pairs, base=BASE, now=NOW, is_strict=is_strict), set()
    except Unacceptable as refused:
        return None, {issue.error for issue in refused.issues}


@settings(deadline=None)
@given(st.sampled_from(TYPES), st.lists(st.tuples(names, sent), max_size=4), st.booleans())
def test_whatever_is_sent_is_read_or_refused_by_the_catalogue(type, pairs, is_strict):
    query, errors = asked(type, pairs, is_strict=is_strict)

    assert errors <= REFUSALS
    if query is not None:
        # The link `self` asks for the same, and for nothing that is not known.
        again, _ = asked(type, query.used, is_strict=True)
        assert (again.search, again.includes) == (query.search, query.includes)
        assert (again.count, again.ignored) == (query.count, ())
        assert not (is_strict and query.ignored)


@pytest.mark.parametrize("type", TYPES)
def test_a_type_takes_a_value_for_each_of_its_parameters(type):
    good = {"date": "2024", "number": "1", "quantity": "1", "composite": "a$1"}
    for code, parameter in parameters_of(type).items():
        query = read_query(type, [(code, good.get(parameter.type, "a"))], base=BASE, now=NOW)

        assert isinstance(query, Query)
        assert [len(query.search.conditions), query.ignored] == [1, ()]

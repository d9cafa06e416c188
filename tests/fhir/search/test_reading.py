"""A query becomes conditions, an order and includes; what is wrong is told without its value."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.domain.search.query import (
    AnyOf,
    Chained,
    Comparator,
    DateMatch,
    Has,
    Include,
    Missing,
    NumberMatch,
    ReferenceMatch,
    ReferredTo,
    Search,
    SortKey,
    SortKind,
    TextMatch,
    TextMode,
    TokenMatch,
)
from app.fhir.search.asking import (
    MAX_CHARACTERS,
    MAX_CONDITIONS,
    MAX_PARAMETERS,
    MAX_VALUES,
    Asking,
)
from app.fhir.search.conditions import condition
from app.fhir.search.definitions import parameters_of, searchable_types
from app.fhir.search.reading import Query, Summary, Total, read_query
from tests.fhir.asked import BASE

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def read(type, *pairs, **options):
    return read_query(type, pairs, base=BASE, now=NOW, **options)


def asked(type, name, value):
    """The one condition that one parameter asks."""
    (condition,) = read(type, (name, value)).search.conditions
    return condition


def refusal(type, *pairs, **options):
    with pytest.raises(Unacceptable) as refused:
        read(type, *pairs, **options)
    (issue,) = refused.value.issues
    return issue


def at(*parts):
    return datetime(*parts, tzinfo=UTC)


# --- what is refused


@pytest.mark.parametrize(
    ("type", "name", "wrong", "right"),
    [
        ("Claim", "created", "yesterday", "2024"),
        ("Claim", "created", "2024-13", "2024-12"),
        ("Claim", "created", "2024-02-30", "2024-02-29"),
        ("Claim", "created", "xx2024", "eb2024"),
        ("Claim", "created", "2024-01-01T10", "2024-01-01T10:00"),
        ("Claim", "created", "2024-01-01T24:30:00Z", "2024-01-01T23:30:00Z"),
        ("Claim", "created", "2024,", "2024"),
        ("Claim", "_lastUpdated", "gt", "gt2024"),
        ("Claim", "created:missing", "yes", "true"),
        ("Claim", "status", "active,,draft", "active,draft"),
        ("Claim", "status", "|", "|active"),
        ("Claim", "identifier", "a|b|c", "a|b"),
        ("Claim", "identifier:of-type", "b|c", "a|b|c"),
        ("Claim", "identifier:of-type", "a||c", "a|b|c"),
        ("Claim", "_id", "1,", "1"),
        ("Claim", "patient", "1,", "1"),
        ("ChargeItem", "factor-override", "many", "1.5"),
        ("ChargeItem", "factor-override", "1" * 41, "1" * 40),
        ("ChargeItem", "factor-override", "NaN", "1e3"),
        ("ChargeItem", "factor-override", "\u0661", "1"),
        ("ChargeItem", "quantity", "5|mg", "5||mg"),
        ("ChargeItem", "quantity", "|s|mg", "5|s|mg"),
        ("ChargeItemDefinition", "context-type-quantity", "age", "age$5"),
        ("ChargeItemDefinition", "context-type-quantity", "age$5$6", "age$5"),
        ("ChargeItemDefinition", "context-type-quantity", "age$old", "age$5"),
        ("Organization", "name", "a,", "a"),
        ("Organization", "name", " ", "a"),
        ("Organization", "name:contains", "\u0301", "e\u0301"),
        ("Organization", "phonetic", "a,", "a"),
        ("ChargeItemDefinition", "url", "a,", "a"),
        ("Claim", "_count", "-1", "1"),
        ("Claim", "_count", "many", "1"),
        ("Claim", "_summary", "yes", "true"),
        ("Claim", "_total", "yes", "none"),
        ("Claim", "_elements", "patient,", "patient"),
        ("Claim", "_elements", "a.b", "a"),
        ("Claim", "_sort", "created,,use", "created,use"),
        ("Claim", "_sort", "use," * 5 + "use", "use," * 4 + "use"),
        ("Claim", "_include", "Claim", "Claim:patient"),
        ("Claim", "_include", "Claim:", "Claim:*"),
        ("Claim", "_include", "Claim:patient:Patient:x", "Claim:patient:Patient"),
        (
            "Claim",
            "patient.general-practitioner:Practitioner._has:Claim:provider:patient.family",
            "x",
            None,
        ),
    ],
)
def test_a_value_of_another_form_is_refused_by_the_name_of_its_parameter(type, name, wrong, right):
    issue = refusal(type, (name, wrong))

    assert issue.error is ErrorCode.SEARCH_PARAMETER
    assert issue.text.startswith(f"The value of {name} is not usable: expected ")
    if right is not None:
        assert read(type, (name, right)).used == ((name, right),)


def test_a_value_is_never_quoted():
    secret = "Chalmers-1974"

    assert secret not in refusal("Claim", ("created", secret)).text
    assert secret not in refusal("Claim", (f"{secret} x", "1"), is_strict=True).text
    assert secret in refusal("Claim", (secret, "1"), is_strict=True).text


@pytest.mark.parametrize(
    ("type", "wrong", "right"),
    [
        ("Claim", "status:exact", "status:not"),
        ("Claim", "status:text", "priority:text"),
        ("Claim", "status:of-type", "identifier:of-type"),
        ("Claim", "status:in", "status:not"),
        ("Claim", "status:", "status"),
        ("Claim", "created:not", "created:missing"),
        ("Claim", "_id:missing", "_id:not"),
        ("Claim", "_lastUpdated:missing", "created:missing"),
        ("Claim", "patient:Organization", "patient:Patient"),
        ("Claim", "patient:Nothing", "patient:identifier"),
        ("Claim", "patient:exact", "patient"),
        ("Claim", "patient:Organization.name", "patient:Patient.name"),
        ("Task", "focus:Nothing", "focus:Claim"),
        ("Communication", "instantiates-canonical:identifier", "subject:identifier"),
        ("Organization", "name:not", "name:exact"),
        ("Organization", "name:above", "name:contains"),
        ("Organization", "phonetic:exact", "phonetic"),
        ("ChargeItemDefinition", "url:exact", "url:below"),
        ("ChargeItemDefinition", "context-type-value:not", "context-type:not"),
        ("Claim", "_count:x", "_count"),
        ("Claim", "_sort:desc", "_sort"),
        ("Claim", "_include:recurse", "_include:iterate"),
    ],
)
def test_a_modifier_that_is_not_supported_is_never_ignored(type, wrong, right):
    value = {
        "created:missing": "true",
        "identifier:of-type": "a|b|c",
        "_count": "1",
        "_sort": "created",
        "_include:iterate": "Claim:patient",
    }.get(right, "x")

    assert refusal(type, (wrong, value)).error is ErrorCode.SEARCH_MODIFIER
    assert read(type, (right, value)).used == ((right, value),)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("nothing", "x"),
        ("status.code", "x"),
        ("patient.nothing", "x"),
        ("encounter.identifier", "x"),
        ("_has:Nothing:patient:status", "x"),
        ("_has:Claim:status:status", "x"),
        ("_has:Claim:nothing:status", "x"),
        ("_has:ClaimResponse:request:nothing", "x"),
        ("_has:ClaimResponse:patient:status", "x"),
        ("_sort", "nothing"),
        ("_sort", "identifier"),
        ("_include", "Claim:nothing"),
        ("_include", "Nothing:patient"),
        ("_include", "Claim:status"),
        ("_include", "Claim:patient:Organization"),
        ("_include", "Claim:patient:Nothing"),
        ("_revinclude", "ClaimResponse:patient"),
        ("_revinclude", "Claim:status"),
    ],
)
def test_what_is_not_known_is_ignored_or_refused_if_the_client_is_strict(name, value):
    lenient = read("Claim", (name, value), ("use", "claim"))

    assert (lenient.ignored, lenient.used) == ((name,), (("use", "claim"),))
    assert lenient.search == read("Claim", ("use", "claim")).search
    assert lenient.includes == ()
    issue = refusal("Claim", (name, value), is_strict=True)
    assert issue == Issue(ErrorCode.SEARCH_PARAMETER, f"{name} is not searched here.")
    assert read("Claim", ("use", "claim"), is_strict=True).ignored == ()


@pytest.mark.parametrize("name", ["_text", "_content", "_filter", "_list", "_contained"])
def test_what_r4_has_and_we_have_not_is_refused_and_never_passed_over(name):
    issue = refusal("Claim", (name, "x"))

    assert issue == Issue(
        ErrorCode.SEARCH_PARAMETER, f"{name} is not offered here: ask without it."
    )
    assert read("Claim", (f"{name}x", "x")).ignored == (f"{name}x",)


def test_a_parameter_without_a_value_is_passed_over_unless_the_client_is_strict():
    assert read("Claim", ("status", "")).ignored == ("status",)
    assert "expected one" in refusal("Claim", ("status", ""), is_strict=True).text


def test_a_narrative_alone_is_not_given_with_includes():
    include = ("_include", "Claim:patient")

    assert refusal("Claim", ("_summary", "text"), include).error is ErrorCode.SEARCH_PARAMETER
    assert read("Claim", ("_summary", "data"), include).summary is Summary.DATA
    assert read("Claim", ("_summary", "text")).summary is Summary.TEXT


def test_more_conditions_or_values_than_are_answered_are_too_many():
    most = [("status", "active")] * MAX_CONDITIONS
    values = ",".join(["active"] * MAX_VALUES)

    assert len(read("Claim", *most).search.conditions) == MAX_CONDITIONS
    assert refusal("Claim", *most, ("use", "claim")).error is ErrorCode.SEARCH_COSTLY
    assert len(asked("Claim", "status", values).matches) == MAX_VALUES
    assert refusal("Claim", ("status", f"{values},x")).error is ErrorCode.SEARCH_COSTLY


@pytest.mark.parametrize("name", ["identifier", "patient.identifier", "_has:Task:focus:identifier"])
def test_a_value_that_is_longer_than_is_read_is_too_long(name):
    longest = "x" * MAX_CHARACTERS

    assert read("Claim", (name, longest)).used == ((name, longest),)
    assert refusal("Claim", (name, f"{longest}x")).error is ErrorCode.SEARCH_COSTLY


def test_links_count_and_types_that_read_alike_count_once():
    name = "focus.identifier"

    assert len(read("Task", *[(name, "1")] * 50).search.conditions) == 50
    assert refusal("Task", *[(name, "1")] * 51).error is ErrorCode.SEARCH_COSTLY


def test_a_chain_through_everything_is_read_once_for_each_type():
    name = "focus.focus.focus.based-on"
    asking = Asking(BASE, NOW)

    condition("Task", name, "1", asking)

    assert len(asking.known) == 3 * len(searchable_types())
    assert refusal("Task", *[(name, "1")] * 100).error is ErrorCode.SEARCH_COSTLY


def test_parameters_that_are_ignored_have_an_end_too():
    most = [("nothing", "x")] * MAX_PARAMETERS

    assert read("Task", *most).ignored == ("nothing",)
    assert refusal("Task", *most, ("nothing", "x")).error is ErrorCode.SEARCH_COSTLY


def test_what_is_said_once_is_not_said_twice_otherwise():
    twice = ("_count", "10"), ("_count", "10")

    assert refusal("Claim", ("_count", "10"), ("_count", "20")).error is ErrorCode.SEARCH_PARAMETER
    assert read("Claim", *twice) == read("Claim", ("_count", "10"))


# --- tokens


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("12345", TokenMatch("12345")),
        ("http://s.example|12345", TokenMatch("12345", "http://s.example")),
        ("|12345", TokenMatch("12345", "")),
        ("http://s.example|", TokenMatch(None, "http://s.example")),
        (r"a\|b", TokenMatch("a|b")),
        (r"a\,b", TokenMatch("a,b")),
        (r"a\\|b", TokenMatch("b", "a\\")),
        (r"a\$b", TokenMatch("a$b")),
        ("a\\", TokenMatch("a\\")),
        (r"a\b", TokenMatch(r"a\b")),
        ("a$b", TokenMatch("a$b")),
    ],
)
def test_a_token_has_its_four_forms_and_its_escapes(value, expected):
    assert asked("Claim", "identifier", value) == Has(("identifier",), (expected,))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("http://hl7.org/fhir/task-status|requested", TokenMatch("requested", "")),
        ("http://hl7.org/fhir/task-status|", TokenMatch(None, "")),
        (
            "http://hl7.org/fhir/fm-status|requested",
            TokenMatch("requested", "http://hl7.org/fhir/fm-status"),
        ),
    ],
)
def test_the_system_of_a_code_of_r4_is_implied(value, expected):
    assert asked("Task", "status", value) == Has(("status",), (expected,))


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("status", "a,b", Has(("status",), (TokenMatch("a"), TokenMatch("b")))),
        ("status:not", "a", Has(("status",), (TokenMatch("a"),), is_negated=True)),
        ("priority:text", "High", Has(("priority:text",), (TextMatch("High"),))),
        (
            "identifier:of-type",
            "http://t.example|MR|1",
            Has(("identifier:of-type",), (TokenMatch("MR|1", "http://t.example"),)),
        ),
        ("status:missing", "true", Missing("status", is_missing=True)),
        ("patient:missing", "false", Missing("patient", is_missing=False)),
        ("_id", "1|2", Has(("_id",), (TokenMatch("1|2"),))),
        ("_id:not", "1", Has(("_id",), (TokenMatch("1"),), is_negated=True)),
    ],
)
def test_a_modifier_changes_what_is_looked_for(name, value, expected):
    assert asked("Claim", name, value) == expected


def test_what_is_repeated_holds_all_at_once():
    assert read("Claim", ("status", "a"), ("status", "b")).search.conditions == (
        Has(("status",), (TokenMatch("a"),)),
        Has(("status",), (TokenMatch("b"),)),
    )


# --- references


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("patient", "1", ReferenceMatch("Patient", "1")),
        ("patient", "Patient/1", ReferenceMatch("Patient", "1")),
        ("patient", "Patient/1/_history/2", ReferenceMatch("Patient", "1")),
        ("patient", f"{BASE}/Patient/1", ReferenceMatch("Patient", "1")),
        ("patient:Patient", "1", ReferenceMatch("Patient", "1")),
        ("provider", "1", ReferenceMatch(None, "1")),
        ("provider:Organization", "1", ReferenceMatch("Organization", "1")),
        ("provider:Organization", "Organization/1", ReferenceMatch("Organization", "1")),
        ("provider:Organization", "Practitioner/1", TokenMatch("Practitioner/1")),
        ("patient", "http://x.example/Patient/1", TokenMatch("http://x.example/Patient/1")),
        ("patient", "urn:uuid:1", TokenMatch("urn:uuid:1")),
        ("patient", "Nothing/1", TokenMatch("Nothing/1")),
        ("patient", "#p", TokenMatch("#p")),
    ],
)
def test_a_reference_is_an_id_a_literal_or_an_address(name, value, expected):
    assert asked("Claim", name, value) == Has((name.partition(":")[0],), (expected,))


def test_a_reference_is_found_by_its_identifier():
    assert asked("Claim", "patient:identifier", "http://s.example|1") == Has(
        ("patient:identifier",), (TokenMatch("1", "http://s.example"),)
    )


def test_a_canonical_is_a_url_with_or_without_a_version():
    value = f"{BASE}/Questionnaire/1|2"

    assert asked("Communication", "instantiates-canonical", value) == Has(
        ("instantiates-canonical",), (TokenMatch(value),)
    )


# --- dates


@pytest.mark.parametrize(
    ("value", "low", "high"),
    [
        ("2024", at(2024, 1, 1), at(2024, 12, 31, 23, 59, 59, 999999)),
        ("2024-05", at(2024, 5, 1), at(2024, 5, 31, 23, 59, 59, 999999)),
        ("2024-05-02", at(2024, 5, 2), at(2024, 5, 2, 23, 59, 59, 999999)),
        ("2024-05-02T10:30", at(2024, 5, 2, 10, 30), at(2024, 5, 2, 10, 30, 59, 999999)),
        ("2024-05-02T10:30:15", at(2024, 5, 2, 10, 30, 15), at(2024, 5, 2, 10, 30, 15, 999999)),
        ("2024-05-02T10:30Z", at(2024, 5, 2, 10, 30), at(2024, 5, 2, 10, 30, 59, 999999)),
        (
            "2024-05-02T10:30:15.5+02:00",
            at(2024, 5, 2, 8, 30, 15, 500000),
            at(2024, 5, 2, 8, 30, 15, 599999),
        ),
        (
            "2024-05-02T10:30:15.123 02:00",
            at(2024, 5, 2, 8, 30, 15, 123000),
            at(2024, 5, 2, 8, 30, 15, 123999),
        ),
        (
            "2024-05-02T10:30:15.1234567Z",
            at(2024, 5, 2, 10, 30, 15, 123456),
            at(2024, 5, 2, 10, 30, 15, 123456),
        ),
        ("9999", at(9999, 1, 1), at(9999, 12, 31, 23, 59, 59, 999999)),
        ("0001-01-01T00:00:00+14:00", at(1, 1, 1), at(1, 1, 1, 0, 0, 0, 999999)),
    ],
)
def test_a_date_is_the_interval_of_its_precision(value, low, high):
    assert asked("Claim", "created", value) == Has(
        ("created",), (DateMatch(Comparator.EQUAL, low, high),)
    )


@pytest.mark.parametrize("comparator", [each for each in Comparator if each != "ap"])
def test_a_date_has_every_prefix(comparator):
    day = at(2024, 5, 2), at(2024, 5, 2, 23, 59, 59, 999999)

    assert asked("Claim", "_lastUpdated", f"{comparator}2024-05-02") == Has(
        ("_lastUpdated",), (DateMatch(comparator, *day),)
    )


def test_about_a_date_is_a_tenth_of_its_distance_from_now():
    (match,) = asked("Claim", "created", "ap2025-12-22").matches

    assert match == DateMatch(
        Comparator.APPROXIMATELY,
        at(2025, 12, 21),
        at(2025, 12, 23, 21, 35, 59, 999999),
    )


@pytest.mark.parametrize("value", ["ap0001", "ap9999"])
def test_about_the_end_of_the_calendar_stays_within_it(value):
    (match,) = asked("Claim", "created", value).matches

    assert at(1, 1, 1) <= match.low < match.high <= at(9999, 12, 31, 23, 59, 59, 999999)


# --- texts


@pytest.mark.parametrize(
    ("type", "name", "value", "expected"),
    [
        ("Patient", "name", "Eve", TextMatch("Eve", TextMode.STARTS_WITH)),
        ("Patient", "name", r"a\,b", TextMatch("a,b", TextMode.STARTS_WITH)),
        ("Patient", "name", "a|b", TextMatch("a|b", TextMode.STARTS_WITH)),
        ("Patient", "name:exact", "Eve", TextMatch("Eve", TextMode.EXACT)),
        ("Patient", "name:contains", "Eve", TextMatch("Eve", TextMode.CONTAINS)),
        ("Patient", "phonetic", "Robert Smith", TextMatch("r163 s530", TextMode.EXACT)),
        ("Patient", "phonetic", "42", TextMatch("42", TextMode.EXACT)),
        ("Contract", "url", "http://c.example", TextMatch("http://c.example", TextMode.EXACT)),
        ("Contract", "url:below", "http://c.ex", TextMatch("http://c.ex", TextMode.BELOW)),
        ("Contract", "url:above", "http://c.ex", TextMatch("http://c.ex", TextMode.ABOVE)),
    ],
)
def test_a_text_is_compared_as_its_modifier_says(type, name, value, expected):
    assert asked(type, name, value) == Has((name.partition(":")[0],), (expected,))


# --- numbers


def number(comparator, exact, low, high, code=None, system=None):
    return NumberMatch(
        Comparator(comparator), Decimal(exact), Decimal(low), Decimal(high), code, system
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("100", number("eq", "100", "99.5", "100.499999999999")),
        ("100.00", number("eq", "100.00", "99.995", "100.004999999999")),
        ("1e2", number("eq", "100", "95", "104.999999999999")),
        ("-5", number("eq", "-5", "-5.5", "-4.500000000001")),
        ("lt100", number("lt", "100", "99.5", "100.499999999999")),
        ("ap100", number("ap", "100", "90.0", "110.0")),
        ("ap0", number("ap", "0", "-0.5", "0.5")),
    ],
)
def test_a_number_is_the_interval_of_its_precision(value, expected):
    assert asked("ChargeItem", "factor-override", value) == Has(("factor-override",), (expected,))


@pytest.mark.parametrize(
    ("value", "code", "system"),
    [
        ("5.4", None, None),
        ("5.4|http://u.example|mg", "mg", "http://u.example"),
        ("5.4||mg", "mg", None),
        ("5.4|http://u.example|", None, "http://u.example"),
        (r"5.4||m\|g", "m|g", None),
    ],
)
def test_a_quantity_has_a_unit_of_a_system(value, code, system):
    assert asked("ChargeItem", "quantity", value) == Has(
        ("quantity",), (number("eq", "5.4", "5.35", "5.449999999999", code, system),)
    )


# --- composites


def test_a_composite_looks_for_the_second_part_under_the_name_of_the_first():
    name = "context-type-quantity"
    five = number("gt", "5", "4.5", "5.499999999999")

    assert asked("ChargeItemDefinition", name, "age$gt5") == Has((f"{name}$age",), (five,))
    assert asked("ChargeItemDefinition", name, "age$gt5,|age$gt5,age$gt5,s|$gt5") == AnyOf(
        (
            Has((f"{name}$age",), (five, five)),
            Has((f"{name}$|age",), (five,)),
            Has((f"{name}$s|",), (five,)),
        )
    )


# --- chains


FAMILY = Has(("family",), (TextMatch("x"),))


@pytest.mark.parametrize(
    ("type", "name", "expected"),
    [
        ("Claim", "patient.family", Chained("patient", ("Patient",), (FAMILY,))),
        ("Claim", "patient:Patient.family", Chained("patient", ("Patient",), (FAMILY,))),
        ("Claim", "provider.family", Chained("provider", ("Practitioner",), (FAMILY,))),
        (
            "ClaimResponse",
            "request.patient.family",
            Chained("request", ("Claim",), (Chained("patient", ("Patient",), (FAMILY,)),)),
        ),
        ("Patient", "_has:Claim:patient:_id", None),
        (
            "Patient",
            "_has:Claim:patient:_has:ClaimResponse:request:disposition",
            ReferredTo(
                "Claim",
                "patient",
                (
                    ReferredTo(
                        "ClaimResponse", "request", (Has(("disposition",), (TextMatch("x"),)),)
                    ),
                ),
            ),
        ),
        (
            "Patient",
            "_has:Claim:patient:provider.family",
            ReferredTo("Claim", "patient", (Chained("provider", ("Practitioner",), (FAMILY,)),)),
        ),
        (
            "Coverage",
            "beneficiary._has:Claim:patient:status:not",
            Chained(
                "beneficiary",
                ("Patient",),
                (
                    ReferredTo(
                        "Claim",
                        "patient",
                        (Has(("status",), (TokenMatch("x"),), is_negated=True),),
                    ),
                ),
            ),
        ),
        (
            "Claim",
            "patient.family:missing",
            Chained("patient", ("Patient",), (Missing("family", is_missing=True),)),
        ),
    ],
)
def test_a_chain_asks_of_what_is_referred_to(type, name, expected):
    value = "true" if name.endswith("missing") else "x"
    expected = expected or ReferredTo("Claim", "patient", (Has(("_id",), (TokenMatch("x"),)),))

    assert asked(type, name, value) == expected


def test_types_that_read_a_value_in_their_own_way_are_asked_apart():
    assert asked("Invoice", "recipient.name", "x") == Chained(
        "recipient",
        ("Organization", "Patient", "RelatedPerson"),
        (Has(("name",), (TextMatch("x"),)),),
    )

    apart = asked("Communication", "part-of.type", "http://x.example|1")
    assert isinstance(apart, AnyOf)
    assert {type for each in apart.conditions for type in each.types} == {
        each for each in searchable_types() if "type" in parameters_of(each)
    }


# --- what is given


def test_an_order_is_read_with_its_directions():
    query = read("Claim", ("_sort", "-created,status,patient,_id,-_lastUpdated"))

    assert query.search.order == (
        SortKey("created", SortKind.DATE, is_descending=True),
        SortKey("status", SortKind.TOKEN),
        SortKey("patient", SortKind.REFERENCE),
        SortKey("_id", SortKind.TOKEN),
        SortKey("_lastUpdated", SortKind.DATE, is_descending=True),
    )


def test_keys_of_an_order_that_are_not_known_are_left_out_of_what_is_used():
    query = read("Claim", ("_sort", "-created,nothing"))

    assert query.search.order == (SortKey("created", SortKind.DATE, is_descending=True),)
    assert (query.used, query.ignored) == ((("_sort", "-created"),), ("_sort",))


@pytest.mark.parametrize(("value", "count"), [("0", 0), ("7", 7), ("1000", 1000), ("5000", 1000)])
def test_a_page_has_at_most_a_thousand_matches(value, count):
    query = read("Claim", ("_count", value))

    assert (query.count, query.used) == (count, (("_count", str(count)),))


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("_include", "Claim:patient", Include("Claim", "patient")),
        ("_include", "Claim:payee:Patient", Include("Claim", "payee", "Patient")),
        ("_include", "Claim:*", Include("Claim", None)),
        ("_include", "*", Include("*", None)),
        (
            "_include:iterate",
            "Patient:general-practitioner",
            Include("Patient", "general-practitioner", iterates=True),
        ),
        (
            "_revinclude",
            "ClaimResponse:request",
            Include("ClaimResponse", "request", is_reverse=True),
        ),
        (
            "_revinclude:iterate",
            "PaymentNotice:response",
            Include("PaymentNotice", "response", is_reverse=True, iterates=True),
        ),
    ],
)
def test_what_is_included_is_read(name, value, expected):
    query = read("Claim", (name, value), (name, value))

    assert (query.includes, set(query.used)) == ((expected,), {(name, value)})


def test_everything_that_refers_to_a_type_is_named():
    found = read("Claim", ("_revinclude", "*")).includes

    assert {"ClaimResponse", "ExplanationOfBenefit", "Task"} <= {each.source for each in found}
    assert "Coverage" not in {each.source for each in found}
    assert {(each.name, each.is_reverse) for each in found} == {(None, True)}


def test_all_that_is_said_is_read_and_what_is_used_is_told_in_its_order():
    pairs = [
        ("_format", "json"),
        ("status", "active"),
        ("_elements", "status,patient"),
        ("nothing", "x"),
        ("_total", "accurate"),
        ("_pretty", "true"),
        ("_summary", "false"),
    ]

    assert read("Claim", *pairs) == Query(
        Search("Claim", (Has(("status",), (TokenMatch("active"),)),)),
        summary=Summary.FALSE,
        elements=("status", "patient"),
        total=Total.ACCURATE,
        used=(pairs[1], pairs[2], pairs[4], pairs[6]),
        ignored=("nothing",),
    )


def test_nothing_asked_is_everything_of_the_type():
    assert read("Claim") == Query(Search("Claim"))


# --- compartments


@pytest.mark.parametrize("type", ["Task", "PaymentNotice", "PaymentReconciliation", "Organization"])
def test_what_is_in_no_compartment_is_not_found_there(type):
    assert refusal(type, compartment=("Patient", "1")).error is ErrorCode.NOT_FOUND
    assert refusal("Claim", compartment=("Organization", "1")).error is ErrorCode.NOT_FOUND


def test_what_is_in_a_compartment_leads_to_the_patient_by_one_of_its_parameters():
    found = read("Claim", ("status", "active"), compartment=("Patient", "1"))

    assert found.search.conditions == (
        Has(("patient", "payee"), (ReferenceMatch("Patient", "1"),)),
        Has(("status",), (TokenMatch("active"),)),
    )
    assert found.used == (("status", "active"),)

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest

from app.domain.issues import ErrorCode, Unacceptable
from app.fhir.json_text import instant, member, parsed, read, replaced, stamped, write

LIMIT = 10 * 2**20
EXAMPLES = sorted((Path(__file__).parents[1] / "fhir_examples").glob("*.json"))
NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


def nested(levels: int) -> bytes:
    return b'{"a":' * (levels - 1) + b"{}" + b"}" * (levels - 1)


# One row, one rule: what is refused, the error, and a body that differs in that alone.
GATE = {
    "not UTF-8": (b'{"a":"\xe9"}', ErrorCode.NOT_JSON, '{"a":"é"}'.encode()),
    "UTF-16": ('{"a":1}'.encode("utf-16-le"), ErrorCode.NOT_JSON, b'{"a":1}'),
    "an overlong form": (b'{"a":"\xc0\xaf"}', ErrorCode.NOT_JSON, b'{"a":"/"}'),
    "a raw surrogate": (b'{"a":"\xed\xa0\x80"}', ErrorCode.NOT_JSON, '{"a":"퟿"}'.encode()),
    "a byte order mark": (b"\xef\xbb\xbf{}", ErrorCode.NOT_JSON, b"{}"),
    "a NUL": (b'{"a":"\0"}', ErrorCode.NOT_JSON, b'{"a":"0"}'),
    "a NUL after the end": (b"{}\0", ErrorCode.NOT_JSON, b"{} "),
    "an escaped NUL": (rb'{"a":"\u0000"}', ErrorCode.NOT_JSON, rb'{"a":"\\u0000"}'),
    "half a pair": (rb'{"a":"\ud83d"}', ErrorCode.NOT_JSON, rb'{"a":"\ud83d\ude00"}'),
    "the other half": (rb'{"a":"\ude00"}', ErrorCode.NOT_JSON, rb'{"a":"\\ude00"}'),
    "halves reversed": (rb'{"a":"\ude00\ud83d"}', ErrorCode.NOT_JSON, rb'{"a":"\uD83D\uDE00"}'),
    "half behind a backslash": (rb'{"a":"\\\ud83d"}', ErrorCode.NOT_JSON, rb'{"a":"\\\\ud83d"}'),
    "no JSON at all": (b"", ErrorCode.NOT_JSON, b"{}"),
    "an open object": (b'{"a":1', ErrorCode.NOT_JSON, b'{"a":1}'),
    "a trailing comma": (b'{"a":1,}', ErrorCode.NOT_JSON, b'{"a":1}'),
    "two documents": (b"{}{}", ErrorCode.NOT_JSON, b"{}\n"),
    "a wrong bracket": (b'{"a":[1}]', ErrorCode.NOT_JSON, b'{"a":[1]}'),
    "a line end in a string": (b'{"a":"\n"}', ErrorCode.NOT_JSON, rb'{"a":"\n"}'),
    "NaN": (b'{"a":NaN}', ErrorCode.NOT_JSON, b'{"a":"NaN"}'),
    "minus infinity": (b'{"a":-Infinity}', ErrorCode.NOT_JSON, b'{"a":-1}'),
    "a leading zero": (b'{"a":01}', ErrorCode.NOT_JSON, b'{"a":0.1}'),
    "an array": (b"[]", ErrorCode.WRONG_TYPE, b"{}"),
    "a number": (b"7", ErrorCode.WRONG_TYPE, b'{"a":7}'),
    "a key twice": (b'{"a":1,"a":1}', ErrorCode.DUPLICATE_KEY, b'{"a":1,"A":1}'),
    "a key twice, once escaped": (
        rb'{"x":{"a":1,"\u0061":2}}',
        ErrorCode.DUPLICATE_KEY,
        rb'{"x":{"a":1},"a":2}',
    ),
    "65 levels": (nested(65), ErrorCode.TOO_COMPLEX, nested(64)),
    "65 arrays": (
        b'{"a":' + b"[" * 64 + b"]" * 64 + b"}",
        ErrorCode.TOO_COMPLEX,
        b'{"a":' + b"[" * 63 + b"]" * 63 + b"}",
    ),
    "65 levels around brackets in strings": (
        nested(65).replace(b"{}", rb'{"}\"]":"}]"}'),
        ErrorCode.TOO_COMPLEX,
        nested(64).replace(b"{}", rb'{"}\"]":"{["}'),
    ),
    "a hundred thousand levels": (b"[" * 100_000, ErrorCode.TOO_COMPLEX, nested(3)),
    "too many tokens": (
        b'{"a":[' + b"[1,1,1,1,1,1,1,1,1]," * 22_300 + b"1]}",
        ErrorCode.TOO_COMPLEX,
        b'{"a":["' + b"[1,1,1,1,1,1,1,1,1]," * 22_300 + b'1"]}',
    ),
    "too long an array": (
        b'{"a":[' + b"1," * 10_000 + b"1]}",
        ErrorCode.TOO_COMPLEX,
        b'{"a":[' + b"1," * 9_999 + b"1]}",
    ),
    "too long a string": (
        b'{"a":"' + b"x" * 1_048_577 + b'"}',
        ErrorCode.TOO_COMPLEX,
        b'{"a":"' + b"x" * 1_048_576 + b'"}',
    ),
    "too long an integer": (
        b'{"a":' + b"9" * 41 + b"}",
        ErrorCode.NUMBER_RANGE,
        b'{"a":' + b"9" * 40 + b"}",
    ),
    "5,000 digits": (b'{"a":' + b"9" * 5_000 + b"}", ErrorCode.NUMBER_RANGE, b'{"a":9}'),
    "too long a decimal": (
        b'{"a":0.' + b"1" * 39 + b"}",
        ErrorCode.NUMBER_RANGE,
        b'{"a":0.' + b"1" * 38 + b"}",
    ),
    "too large an exponent": (b'{"a":1e31}', ErrorCode.NUMBER_RANGE, b'{"a":1e30}'),
    "too small an exponent": (b'{"a":1e-31}', ErrorCode.NUMBER_RANGE, b'{"a":1e-30}'),
    "an endless exponent": (
        b'{"a":1e99999999999999999999999999}',
        ErrorCode.NUMBER_RANGE,
        b'{"a":1e9}',
    ),
    "a zero with an exponent": (b'{"a":0e400}', ErrorCode.NUMBER_RANGE, b'{"a":0e4}'),
}


@pytest.mark.parametrize(("refused", "error", "accepted"), GATE.values(), ids=GATE.keys())
def test_the_gate_refuses_one_thing_and_accepts_its_twin(refused, error, accepted):
    with pytest.raises(Unacceptable) as failure:
        read(refused, LIMIT)

    assert [issue.error for issue in failure.value.issues] == [error]
    assert isinstance(read(accepted, LIMIT), dict)


def test_a_body_over_the_limit_is_refused_before_it_is_read():
    with pytest.raises(Unacceptable) as failure:
        read(b'{"a":1}', 6)

    assert failure.value.issues[0].error is ErrorCode.BODY_TOO_LARGE
    assert read(b'{"a":1}', 7) == {"a": 1}


def test_an_error_never_quotes_the_content():
    for secret in (b'{"Jane":"\\q"}', b'{"Jane" 1}', b'{"Jane":1,"Jane":2}', b'{"a":Jane}'):
        with pytest.raises(Unacceptable) as failure:
            read(secret, LIMIT)
        assert "Jane" not in f"{failure.value.issues} {failure.value}"


def test_numbers_are_read_as_they_are_written():
    document = read(b'{"a":100.00,"b":0.10,"c":123456789012345678.90,"d":7,"e":1E+2}', LIMIT)

    assert {name: str(number) for name, number in document.items()} == {
        "a": "100.00",
        "b": "0.10",
        "c": "123456789012345678.90",
        "d": "7",
        "e": "1E+2",
    }
    assert type(document["d"]) is int


def test_a_stored_text_is_parsed_with_the_same_numbers():
    assert str(parsed('{"a":[100.00,1E+2,7]}')) == "{'a': [Decimal('100.00'), Decimal('1E+2'), 7]}"


@pytest.mark.parametrize("number", ["100.00", "0.10", "-0.00", "1E+2", "1E-7", "0E-10", "12"])
def test_a_written_decimal_keeps_its_characters(number):
    text = write({"value": Decimal(number)})

    assert text == f'{{"value":{number}}}'
    assert str(read(text.encode(), LIMIT)["value"]) == number


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "sNaN"])
def test_a_number_that_json_lacks_is_not_written(number):
    with pytest.raises(ValueError, match="no such number"):
        write({"a": [{"b": Decimal(number)}]})

    assert write({"a": [{"b": number}]}) == f'{{"a":[{{"b":"{number}"}}]}}'


SPACED = '{ "resourceType" : "Claim",\n  "a": [1.50, {"b": "}\\""}] ,\n  "c":"x"\n}'

SPLICES = {
    "nothing": ({}, SPACED),
    "set": ({"c": "2.50"}, SPACED.replace('"x"', "2.50")),
    "set to what has brackets": ({"a": "{}"}, SPACED.replace('[1.50, {"b": "}\\""}]', "{}")),
    "add": ({"n": "1.0"}, SPACED.replace('"Claim"', '"Claim","n":1.0')),
    "add two": ({"n": "1", "m": "2"}, SPACED.replace('"Claim"', '"Claim","n":1,"m":2')),
    "remove the last": ({"c": None}, SPACED.replace(' ,\n  "c":"x"', "")),
    "remove the first": (
        {"resourceType": None},
        SPACED.replace('"resourceType" : "Claim",\n  ', ""),
    ),
    "remove what is not there": ({"z": None}, SPACED),
    "remove all": ({"resourceType": None, "a": None, "c": None}, "{ \n}"),
    "add and remove": (
        {"a": None, "n": "0"},
        '{ "resourceType" : "Claim","n":0 ,\n  "c":"x"\n}',
    ),
}


@pytest.mark.parametrize(("members", "expected"), SPLICES.values(), ids=SPLICES.keys())
def test_members_are_replaced_and_the_rest_is_kept_byte_for_byte(members, expected):
    assert replaced(SPACED, members) == expected


def test_a_member_goes_to_the_front_where_there_is_no_resource_type():
    assert replaced('{"a":1}', {"n": "2"}) == '{"n":2,"a":1}'
    assert replaced("{}", {"n": "2"}) == '{"n":2}'
    assert replaced("{ }", {}) == "{}"


def test_an_escaped_or_foreign_name_is_found():
    text = '{"\\u0069d":"x","ünï":{"id":"y"}}'

    assert member(text, "id") == '"x"'
    assert replaced(text, {"id": '"z"', "ünï": "1.0"}) == '{"\\u0069d":"z","ünï":1.0}'


def test_a_member_is_handed_out_as_it_was_written():
    assert member(SPACED, "a") == '[1.50, {"b": "}\\""}]'
    assert member(SPACED, "b") is None


def test_the_clients_meta_keeps_all_but_what_the_server_owns():
    text = (
        '{"resourceType":"Claim","_id":{"id":"q"},"meta":{"versionId":"9", "_versionId":{"id":"v"},'
        '"profile":["http://p"] ,"lastUpdated":"2001-01-01T00:00:00Z","tag":[{"code":"t"}]},'
        '"id":"mine"}'
    )

    assert stamped(text, "ours", 3, NOON) == (
        '{"resourceType":"Claim","meta":{"versionId":"3",'
        '"profile":["http://p"] ,"lastUpdated":"2026-03-01T12:00:00.123Z","tag":[{"code":"t"}]},'
        '"id":"ours"}'
    )


def test_a_resource_without_id_and_meta_gets_them_behind_its_type():
    assert stamped('{"resourceType":"Claim","use":"claim"}', "a", 1, NOON) == (
        '{"resourceType":"Claim","id":"a",'
        '"meta":{"versionId":"1","lastUpdated":"2026-03-01T12:00:00.123Z"},"use":"claim"}'
    )


def test_stamping_twice_is_stamping_with_the_second():
    once = stamped(SPACED, "a", 1, NOON)

    assert stamped(once, "b", 2, NOON) == stamped(SPACED, "b", 2, NOON)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_stamped_example_differs_in_id_and_meta_only(path):
    text = path.read_text(encoding="utf-8")

    result = stamped(text, "ours", 7, NOON)

    before, after = (read(each.encode(), LIMIT) for each in (text, result))
    meta = {"versionId": "7", "lastUpdated": "2026-03-01T12:00:00.123Z"}
    assert after == before | {"id": "ours", "meta": before.get("meta", {}) | meta}
    for name in before.keys() - {"id", "meta"}:
        assert member(result, name) == member(text, name)
    assert _spelled(after | {"id": "", "meta": ""}) == _spelled(before | {"id": "", "meta": ""})


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_written_example_reads_the_same_to_the_last_zero(path):
    document = read(path.read_bytes(), LIMIT)

    again = read(write(document).encode(), LIMIT)

    assert again == document
    assert _spelled(again) == _spelled(document)


def _spelled(document):
    """The members sorted, and each number with the characters it was read with."""
    return json.dumps(document, default=str, sort_keys=True)


def test_an_instant_is_utc_with_milliseconds():
    berlin = datetime(2026, 3, 1, 13, 0, 0, tzinfo=timezone(timedelta(hours=1)))

    assert instant(berlin) == "2026-03-01T12:00:00.000Z"
    with pytest.raises(ValueError, match="zone"):
        instant(datetime(2026, 3, 1, 13, 0, 0))  # noqa: DTZ001 - what is refused

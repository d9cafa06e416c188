"""JSON Patch: within bounds, on exact numbers, and never on what it was given.

https://www.rfc-editor.org/rfc/rfc6902
"""

from decimal import Decimal

import pytest

from app.domain.issues import ErrorCode, Unacceptable
from app.fhir import json_patch, json_text

LIMIT = 2 * 1024 * 1024


def read(*operations):
    return json_patch.read(json_text.write(list(operations)).encode(), LIMIT)


def refusal(document, *operations):
    with pytest.raises(Unacceptable) as refused:
        json_patch.applied(read(*operations), document)
    [issue] = refused.value.issues
    return issue.error


def test_more_operations_than_are_allowed_are_refused():
    operation = {"op": "test", "path": "/a", "value": 1}

    with pytest.raises(Unacceptable) as refused:
        read(*[operation] * (json_patch.MAX_OPERATIONS + 1))

    assert refused.value.issues[0].error is ErrorCode.TOO_COMPLEX
    within = read(*[operation] * json_patch.MAX_OPERATIONS)
    assert json_patch.applied(within, {"a": 1}) == {"a": 1}


def test_what_copies_bring_in_is_bounded():
    half = "x" * (json_patch.MAX_COPIED_CHARACTERS // 2)
    copies = [{"op": "copy", "from": "/a", "path": f"/b{number}"} for number in range(2)]

    assert refusal({"a": half}, *copies) is ErrorCode.TOO_COMPLEX
    assert json_patch.applied(read(*copies[:1]), {"a": half}) == {"a": half, "b0": half}


@pytest.mark.parametrize("verb", ["copy", "move", "remove", "replace", "test"])
def test_behind_the_last_element_of_an_array_there_is_nothing(verb):
    def operation(number):
        at = f"/a/{number}"
        place = {"from": at, "path": "/b"} if verb in {"copy", "move"} else {"path": at}
        return {"op": verb, **place, "value": 1}

    assert refusal({"a": [1]}, operation("-")) is ErrorCode.PATCH
    assert "a" in json_patch.applied(read(operation(0)), {"a": [1]})


def nested(levels):
    value = {}
    for _ in range(levels - 1):
        value = {"a": value}
    return value


@pytest.mark.parametrize(("levels", "is_done"), [(64, True), (65, False), (3000, False)])
def test_a_patch_nests_no_deeper_than_any_document(levels, is_done):
    document = {"b": nested(10)}
    steps = (levels - 11) // 10
    wrapped = [{"op": "add", "path": "/c", "value": nested(10)},
               {"op": "move", "from": "/b", "path": "/c" + "/a" * 10},
               {"op": "move", "from": "/c", "path": "/b"}]  # fmt: skip
    rest = levels - 11 - 10 * steps
    last = [{"op": "add", "path": "/c", "value": nested(rest)},
            {"op": "move", "from": "/b", "path": "/c" + "/a" * rest}]  # fmt: skip
    operations = wrapped * steps + (last if rest else [])

    if is_done:
        left = json_patch.applied(read(*operations), document)
        assert json_text.read(json_text.write(left).encode(), LIMIT) == left
    else:
        with pytest.raises(Unacceptable) as refused:
            json_patch.applied(read(*operations), document)
        errors = [issue.error for issue in refused.value.issues]
        assert errors == [ErrorCode.PATCH, ErrorCode.TOO_COMPLEX]


@pytest.mark.parametrize(
    ("document", "value", "is_same"),
    [
        ({"a": Decimal("10.50")}, Decimal("10.5"), True),
        ({"a": Decimal("10.50")}, Decimal("10.51"), False),
        ({"a": 1}, True, False),
        ({"a": True}, True, True),
        ({"a": 0}, False, False),
        ({"a": "1"}, 1, False),
        ({"a": [1, {"b": 2}]}, [1, {"b": 2}], True),
        ({"a": [1, {"b": True}]}, [1, {"b": 1}], False),
    ],
)
def test_a_test_compares_values_of_one_type(document, value, is_same):
    test = {"op": "test", "path": "/a", "value": value}

    if is_same:
        assert json_patch.applied(read(test), document) == document
    else:
        assert refusal(document, test) is ErrorCode.PATCH


def test_the_document_stays_as_it_is():
    document = {"a": [{"b": Decimal("1.00")}], "c": 1}

    changed = json_patch.applied(
        read({"op": "add", "path": "/a/0/b", "value": 2}, {"op": "remove", "path": "/c"}), document
    )

    assert (changed, document) == ({"a": [{"b": 2}]}, {"a": [{"b": Decimal("1.00")}], "c": 1})


def test_no_digit_of_an_untouched_number_is_lost():
    text = '{"a":100.00,"b":-0.10,"c":1234567890123456789012345678901234567890,"d":1E+2}'

    changed = json_patch.applied(
        read({"op": "add", "path": "/e", "value": 1}), json_text.parsed(text)
    )

    assert json_text.write(changed) == text[:-1] + ',"e":1}'

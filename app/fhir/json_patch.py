"""JSON Patch on documents whose numbers are exact, within bounds.

https://www.rfc-editor.org/rfc/rfc6902, http://hl7.org/fhir/R4/http.html#patch
"""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any

from jsonpatch import JsonPatch, JsonPatchException, JsonPatchTestFailed
from jsonpointer import JsonPointer, JsonPointerException

from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.fhir import json_text

MEDIA_TYPE = "application/json-patch+json"
MAX_OPERATIONS = 1_000
MAX_PATH_CHARACTERS = 1_000
# All that `copy` operations bring in together: each may double what is there.
MAX_COPIED_CHARACTERS = 1_048_576

# What an operation holds beside `op` and `path`.
_MEMBERS = {
    "add": "value",
    "replace": "value",
    "test": "value",
    "move": "from",
    "copy": "from",
    "remove": None,
}

Operation = dict[str, Any]


def read(body: bytes, limit: int) -> list[Operation]:
    """The operations in a body of at most `limit` bytes; raises Unacceptable."""
    operations = json_text.read_array(body, limit)
    if len(operations) > MAX_OPERATIONS:
        text = f"A patch has at most {MAX_OPERATIONS} operations."
        raise Unacceptable(Issue(ErrorCode.TOO_COMPLEX, text))
    for number, operation in enumerate(operations):
        _require_operation(operation, f"operation {number + 1}")
    return operations


def applied(operations: list[Operation], document: Mapping[str, Any]) -> Any:
    """A document as the operations leave it; `document` stays as it is.

    Raises Unacceptable where they cannot be carried out, a `test` fails, or what they leave is
    nested deeper than any document.
    """
    result: Any = deepcopy(document)
    copied = 0
    for number, operation in enumerate(operations):
        try:
            if operation["op"] == "copy":
                copied += len(json_text.write(JsonPointer(operation["from"]).resolve(result)))
            if copied > MAX_COPIED_CHARACTERS:
                text = f"The patch copies more than {MAX_COPIED_CHARACTERS} characters."
                raise Unacceptable(Issue(ErrorCode.TOO_COMPLEX, text))
            result = JsonPatch([operation]).apply(result, in_place=True)
        except JsonPatchTestFailed:
            raise _not_applied(number, "the value is another one") from None
        except (JsonPatchException, JsonPointerException, TypeError):
            # The library's own text may quote the content. Of `-`, which is behind the last element
            # of an array, it makes a TypeError wherever there must be an element.
            raise _not_applied(number, "the path leads nowhere") from None
        except RecursionError:
            text = "The patch nests what it copies too deep."
            raise Unacceptable(Issue(ErrorCode.TOO_COMPLEX, text)) from None
    _require_shallow(result)
    return result


def _require_shallow(document: Any) -> None:
    level = [document]
    for _ in range(json_text.MAX_DEPTH):
        below = (inner for value in level for inner in _inside(value))
        level = [inner for inner in below if isinstance(inner, dict | list)]
        if not level:
            return
    text = f"That is nested deeper than {json_text.MAX_DEPTH} levels."
    raise Unacceptable(
        Issue(ErrorCode.PATCH, "What the patch leaves is no valid resource."),
        Issue(ErrorCode.TOO_COMPLEX, text),
    )


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _require_operation(operation: Any, at: str) -> None:
    verb = operation.get("op") if isinstance(operation, dict) else None
    if not isinstance(verb, str) or verb not in _MEMBERS:
        raise _malformed(f"{at} is none of add, remove, replace, move, copy and test")
    needed = _MEMBERS[verb]
    if needed is not None and needed not in operation:
        raise _malformed(f"{at} lacks its '{needed}'")
    for member in ("path", "from") if needed == "from" else ("path",):
        pointer = operation.get(member)
        if not isinstance(pointer, str) or len(pointer) > MAX_PATH_CHARACTERS:
            raise _malformed(f"the '{member}' of {at} is no JSON Pointer")
        try:
            JsonPointer(pointer)
        except JsonPointerException:
            raise _malformed(f"the '{member}' of {at} is no JSON Pointer") from None


def _malformed(what: str) -> Unacceptable:
    return Unacceptable(Issue(ErrorCode.PARAMETER, f"The body is no JSON Patch: {what}."))


def _not_applied(number: int, why: str) -> Unacceptable:
    text = f"Operation {number + 1} cannot be carried out: {why}. Nothing is changed."
    return Unacceptable(Issue(ErrorCode.PATCH, text))

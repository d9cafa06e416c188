"""JSON of strangers, read without any latitude: what two readers could read differently is refused.

https://www.rfc-editor.org/rfc/rfc8725#section-2.7
"""

import json
from typing import Any


class NotStrict(ValueError):
    """A text is not one object that every reader reads alike."""


def document(text: str | bytes) -> dict[str, Any]:
    """The one object in a text; raises NotStrict for whatever is not exactly that.

    Refused are properties that come twice, NaN and Infinity, half characters, and depth.
    """
    try:
        found = json.loads(
            text.decode("utf-8") if isinstance(text, bytes) else text,
            object_pairs_hook=_object,
            parse_constant=_constant,
        )
        # Half of a pair of surrogates is no character: nobody could keep or compare it.
        json.dumps(found, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise NotStrict from None
    if not isinstance(found, dict):
        raise NotStrict
    return found


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotStrict
    return found


def _constant(name: str) -> Any:
    raise NotStrict(name)

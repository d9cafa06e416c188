"""What is sent, together with what the model must know of it to tell the answer."""

from collections.abc import Sequence
from typing import Any

from tests.builders import an_input
from tests.reliability.model import documents
from tests.reliability.model.model import Claim

Op = dict[str, Any]
# `include` or `exclude`, and a type; None: whatever there is.
Filter = tuple[str, str] | None
TYPES = frozenset(
    {
        "ClaimResponse",
        "ExplanationOfBenefit",
        "CommunicationRequest",
        "Task",
        "PaymentReconciliation",
        "PaymentNotice",
    }
)


def claim(known: Claim) -> dict[str, Any]:
    """The document of a Claim that the model is about to know."""
    return documents.claim(
        known["use"],
        known["number"],
        known["marker"],
        known["sender"],
        member=known["member"],
        prices=known["prices"],
        services=known["services"],
        is_stat=known["is_stat"],
        is_valid=known["is_valid"],
        quoted=known["quotes"],
        ends=known["ends"] if known["use"] == "preauthorization" else None,
    )


def about(
    code: str,
    claim: Claim,
    number: str,
    *,
    sender: str | None = None,
    by_number: bool = False,
    lines: Sequence[int] = (),
    is_stat: bool = False,
) -> Op:
    """A Task about a Claim, with a word of it unless it is gone, or another's."""
    own = sender or claim["sender"]
    is_known = claim["state"] != "nullified" and own == claim["sender"]
    marker = claim["marker"] if is_known else None
    op: Op = {
        "code": code,
        "sender": own,
        "claim": claim["id"],
        "lines": list(lines),
        "is_stat": is_stat,
        "is_by_number": by_number,
        "types": None,
        "count": None,
    }
    if code == "deliver":
        to = [{"reference": f"Claim/{claim['id']}"}]
        attachment = documents.communication(number, marker or "nobody", own, about=to)
        given, inside = documents.contained(attachment)
        document = documents.task(code, number, None, given, marker=marker, contained=[inside])
        return op | {"attachment": attachment, "document": document}
    focus = documents.by_number(claim["number"]) if by_number else f"Claim/{claim['id']}"
    inputs = [an_input("item", valuePositiveInt=line) for line in lines]
    how = {"priority": "stat"} if is_stat else {}
    return op | {"document": documents.task(code, number, focus, *inputs, marker=marker, **how)}


def poll(
    sender: str, number: str, types: Filter, count: int | None, claim: Claim | None = None
) -> Op:
    """A poll for whatever there is, or for the answers to one Claim."""
    inputs = [] if types is None else [an_input(types[0], valueCode=types[1])]
    if count is not None:
        inputs.append(an_input("count", valuePositiveInt=count))
    focus = None if claim is None else f"Claim/{claim['id']}"
    return {
        "code": "poll",
        "sender": sender,
        "claim": None if claim is None else claim["id"],
        "types": _types(types),
        "count": count,
        "document": documents.task("poll", number, focus, *inputs),
    }


def _types(types: Filter) -> frozenset[str] | None:
    if types is None:
        return None
    how, type = types
    return frozenset({type}) if how == "include" else TYPES - {type}

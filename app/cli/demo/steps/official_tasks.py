"""The official Tasks fm-example1 to 6, sent as HL7 published them (CC0).

They are about two Claims that are not published with them: 1500 and 1501, here preauthorizations.
http://hl7.org/fhir/R4/task-examples.html
"""

from __future__ import annotations

from typing import Any

from app.cli.demo.actions import came, decided, standing, submitted, told_of
from app.cli.demo.documents import Document, claim, identifier
from app.cli.demo.temporary import DATA
from app.cli.demo.walk import Action, Came, Step, Walk
from app.fhir import json_text

_CLAIMS = "http://happyvalley.com/claim"
# What our answer has beside the elements of the published one, or with other content.
_OURS = frozenset({"id", "meta", "identifier", "lastModified", "output"})


def _text(number: int) -> str:
    return (DATA / "tasks" / f"Task-fm-example{number}.json").read_text(encoding="utf-8")


def _claim(number: str, *items: tuple[str, int, str]) -> Document:
    own = [identifier(_CLAIMS, number)]
    return claim(number, *items, use="preauthorization", member="NINA-1", identifier=own)


def _published(number: int, name: str | None = None) -> Action:
    """Send an official Task as it is."""

    def action(walk: Walk) -> Came:
        reply = walk.wire.post_text("Task", _text(number))
        walk.answers[f"fm-example{number}"] = reply.document
        is_status = bool(reply.outputs("status"))
        back = standing(reply) if is_status else told_of(reply, walk)
        ids = (walk.references[name],) if name else ()
        return came(_sent(reply.document, number), reply, back, *ids)

    return action


def _corrected(number: int, name: str) -> Action:
    """Send an official Task with the identifier of a real ClaimResponse in its origresponse."""

    def action(walk: Walk) -> Came:
        task: dict[str, Any] = json_text.parsed(_text(number))
        response = walk.wire.get(walk.references[f"answer to {name}"]).document
        task["input"][0]["valueReference"] = {"identifier": response["identifier"][0]}
        reply = walk.wire.post("Task", task)
        return came(_sent(task, number), reply, told_of(reply, walk), walk.references[name])

    return action


def _answered_already(number: int, of: int) -> Action:
    """Send what was published as an answer: it is refused, and ours to the request is like it."""

    def action(walk: Walk) -> Came:
        reply = walk.wire.post_text("Task", _text(number))
        published = json_text.parsed(_text(number))
        ours = walk.answers[f"fm-example{of}"]
        shape = "of one shape" if _is_alike(published, ours) else "of another shape"
        return came(f"POST Task fm-example{number}", reply, f"{reply.errors}; {shape}")

    return action


def _is_alike(published: Document, ours: Document) -> bool:
    """The same elements; the sender's identifier, then the payer's; the outcome among outputs."""
    outcomes = [(_code(each), each.get("valueCode")) for each in ours["output"]]
    return (
        ours.keys() - {"meta"} == published.keys()
        and all(ours[name] == published[name] for name in published.keys() - _OURS)
        and len(ours["identifier"]) == len(published["identifier"])
        and ours["identifier"][0] == published["identifier"][0]
        and all((_code(each), each["valueCode"]) in outcomes for each in published["output"])
    )


def _code(output: Document) -> str:
    code: str = output["type"]["coding"][0]["code"]
    return code


def _sent(task: Document, number: int) -> str:
    code = task["code"]["coding"][0]["code"] if "code" in task else "?"
    return f"POST Task {code}, fm-example{number}"


OFFICIAL_TASKS = (
    # An examination is free.
    Step(
        "Claim 1500, which HL7's Tasks are about",
        submitted(lambda _: _claim("1500", ("exam", 1, "40.00")), "1500"),
        "201 ClaimResponse queued",
    ),
    Step(
        "Claim 1500 is decided",
        decided("1500"),
        "201 completed; complete, 35.00 EUR, resource active, "
        "may cancel nullify release reprocess status poll deliver",
    ),
    # At the new prices: the filling's 95.00 go into the deductible; of the crown's 425.00 the other
    # 5.00 and 20 % of 420.00. 35.00 + 0.00 + 336.00 is left.
    Step(
        "Claim 1501, of three lines",
        submitted(
            lambda _: _claim(
                "1501", ("exam", 1, "40.00"), ("filling", 1, "100.00"), ("crown", 1, "450.00")
            ),
            "1501",
        ),
        "201 ClaimResponse queued",
    ),
    Step(
        "Claim 1501 is decided",
        decided("1501"),
        "201 completed; complete, 371.00 EUR, resource active, "
        "may cancel nullify release reprocess status poll deliver",
    ),
    Step(
        "HL7's status check, as published",
        _published(5, "1500"),
        "201 completed; complete, 35.00 EUR, resource active, "
        "may cancel nullify release reprocess status poll deliver",
    ),
    Step(
        "HL7's cancel, as published",
        _published(1, "1500"),
        "201 completed; ClaimResponse complete (cancelled) submitted -40.00, "
        "contractual -5.00, benefit -35.00 EUR",
    ),
    # It asks for October 2018.
    Step(
        "HL7's poll, as published",
        _published(2),
        "201 completed; 0 remaining",
    ),
    # They name a ClaimResponse of National Insurers, which nobody has here.
    Step(
        "HL7's release, as published",
        _published(3, "1501"),
        "201 failed ECG-ORIGRESPONSE-NOT-FOUND at Task.input[0]",
    ),
    Step(
        "The release, with the real response",
        _corrected(3, "1501"),
        "201 completed; 371.00 EUR",
    ),
    Step(
        "HL7's reprocess, as published",
        _published(4, "1501"),
        "201 failed ECG-ORIGRESPONSE-NOT-FOUND at Task.input[0]",
    ),
    # Its priority is `stat`, so the answer is there at once. Nothing has changed.
    Step(
        "The reprocess, with the real response",
        _corrected(4, "1501"),
        "201 completed; ClaimResponse complete (reprocessed) submitted 590.00, "
        "contractual 35.00, deductible 100.00, coinsurance 84.00, benefit 371.00 EUR",
    ),
    Step(
        "HL7's answer to the status check",
        _answered_already(6, of=5),
        "400 ECG-TASK-STATUS ECG-TASK-OUTPUT; of one shape",
    ),
)

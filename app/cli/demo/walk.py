"""What a step of the demo can do: send something, and tell in a few words what came back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any

from app.cli.demo import documents, told
from app.cli.demo.temporary import Served, Tell
from app.cli.demo.wire import Reply, Wire

_SECONDS_TO_DECIDE = 60.0
_SECONDS_BETWEEN = 0.1


@dataclass(frozen=True, slots=True)
class Came:
    """What was sent, and what came back; `ids` are the resources that were named."""

    sent: str
    back: str
    status: int
    milliseconds: float
    ids: tuple[str, ...] = ()


@dataclass(slots=True)
class Walk:
    """One walk through the care cycle: what was sent so far, by the names the steps give it."""

    served: Served
    wire: Wire = field(init=False)
    references: dict[str, str] = field(default_factory=dict)
    sent: dict[str, documents.Document] = field(default_factory=dict)
    answers: dict[str, documents.Document] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.wire = Wire(self.served)


Action = Callable[[Walk], Came]


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what it is for, what it does, and what must come back, word for word."""

    title: str
    action: Action
    expected: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a step went; of one that could not be made, `came` says why."""

    number: int
    step: Step
    came: Came

    @property
    def held(self) -> bool:
        """Whether what came back is what was written down."""
        return self.came.back == self.step.expected


def walked(steps: Sequence[Step], walk: Walk, tell: Tell) -> list[Outcome]:
    """Take every step, also after one that went wrong."""
    outcomes = []
    for number, step in enumerate(steps, 1):
        tell(step.title)
        outcomes.append(Outcome(number, step, _taken(step, walk)))
    return outcomes


def _taken(step: Step, walk: Walk) -> Came:
    try:
        return step.action(walk)
    except (LookupError, OSError, ValueError, TypeError, HTTPException) as fault:
        # An answer of another shape, or none: a difference like any other.
        return Came("", f"could not be read: {type(fault).__name__} {fault}", 0, 0.0)


def submitted(document: Callable[[], documents.Document], name: str) -> Action:
    """POST a request; what answers it at once is read too."""

    def action(walk: Walk) -> Came:
        body = document()
        type = body["resourceType"]
        reply = walk.wire.post(type, body)
        sent = f"POST {type}" + (f" ({body['use']})" if "use" in body else "")
        if reply.location is None or reply.related is None:
            return _came(sent, reply, reply.errors)
        walk.references[name] = _current(reply.location)
        walk.references[f"answer to {name}"] = reply.related
        first = walk.wire.get(f"{reply.related}/_history/1").document
        return _came(sent, reply, told.resource(first), reply.location, reply.related)

    return action


def decided(name: str) -> Action:
    """Ask by Task status until the Claim is no longer queued, or waits for something."""

    def action(walk: Walk) -> Came:
        task = documents.task("status", focus=walk.references[name])
        deadline = time.monotonic() + _SECONDS_TO_DECIDE
        began = time.perf_counter()
        reply = walk.wire.post("Task", task)
        while _is_undecided(reply) and time.monotonic() < deadline:
            time.sleep(_SECONDS_BETWEEN)
            reply = walk.wire.post("Task", task)
        waited = (time.perf_counter() - began) * 1000
        return Came(
            "POST Task status", _standing(reply), reply.status, waited, (walk.references[name],)
        )

    return action


def polled(
    *,
    focus: str | None = None,
    number: str | None = None,
    inputs: Callable[[Walk], Mapping[str, Mapping[str, Any]]] = lambda _: {},
) -> Action:
    """Poll, then read what the answer refers to: the Task refers, it does not carry."""

    def action(walk: Walk) -> Came:
        task = documents.task(
            "poll", number, walk.references[focus] if focus else None, inputs(walk)
        )
        reply = _executed(task, walk)
        filters = [*(["focus"] if focus else []), *inputs(walk)]
        sent = " ".join(["POST Task poll", *filters])
        responses = [each["reference"] for each in reply.outputs("response")]
        read = [told.resource(walk.wire.get(each).document) for each in responses]
        left = [f"{count} remaining" for count in reply.outputs("remaining")]
        back = "; ".join([_verdict(reply), *read, *left])
        return _came(sent, reply, back, *responses)

    return action


def cancelled(name: str, *, number: str | None = None) -> Action:
    """Cancel a request; of a decided Claim the reversing ClaimResponse is read too."""

    def action(walk: Walk) -> Came:
        reply = _executed(documents.task("cancel", number, walk.references[name]), walk)
        responses = [each["reference"] for each in reply.outputs("response")]
        read = [told.resource(walk.wire.get(each).document) for each in responses]
        back = "; ".join([_verdict(reply), *read])
        return _came("POST Task cancel", reply, back, walk.references[name], *responses)

    return action


def sent_again(number: str) -> Action:
    """Send the very same Task a second time."""

    def action(walk: Walk) -> Came:
        task = walk.sent[number]
        reply = walk.wire.post("Task", task)
        is_same = reply.document == walk.answers[number]
        back = f"the {'same' if is_same else 'other'} answer, Task {reply.document['status']}"
        sent = f"POST Task {task['code']['coding'][0]['code']}, again"
        return _came(sent, reply, back, reply.location or "")

    return action


def _executed(task: documents.Document, walk: Walk) -> Reply:
    reply = walk.wire.post("Task", task)
    for identifier in task.get("identifier", ()):
        walk.sent[identifier["value"]] = task
        walk.answers[identifier["value"]] = reply.document
    return reply


def _came(sent: str, reply: Reply, back: str, *ids: str) -> Came:
    words = f"{reply.status} {back}".strip()
    return Came(sent, words, reply.status, reply.milliseconds, tuple(each for each in ids if each))


def _verdict(reply: Reply) -> str:
    """The status of an executed Task with its errors, or the errors of a refused one."""
    if reply.document["resourceType"] == "OperationOutcome":
        return reply.errors
    return " ".join([reply.document["status"], told.codes(reply.outputs("error"))]).strip()


def _is_undecided(reply: Reply) -> bool:
    return reply.outputs("status") == ["queued"] and not reply.outputs("awaiting")


def _standing(reply: Reply) -> str:
    """The outputs of a status Task in one line."""
    words = [
        *reply.outputs("status"),
        *(told.money(total) for total in reply.outputs("total")),
        *(f"awaiting {told.codes([awaited])}" for awaited in reply.outputs("awaiting")),
        *_joined("resource", reply.outputs("resource-status")),
        *_joined("may", reply.outputs("allowed")),
    ]
    return f"{reply.status} {_verdict(reply)}; {', '.join(words)}"


def _joined(word: str, values: Iterable[str]) -> list[str]:
    return [" ".join([word, *values])]


def _current(location: str) -> str:
    """A reference without its version."""
    return location.partition("/_history/")[0]

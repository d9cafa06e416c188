"""What a step of the demo can do: send something, and tell in a few words what came back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from app.cli.demo import documents, told
from app.cli.demo.temporary import DATA, load, pay
from app.cli.demo.walk import Action, Came, Walk
from app.cli.demo.wire import Reply

Inputs = Sequence[tuple[str, Mapping[str, Any]]]

_SECONDS_TO_WAIT = 60.0
_SECONDS_BETWEEN = 0.1


def submitted(
    document: Callable[[Walk], documents.Document], name: str, *, is_urgent: bool = False
) -> Action:
    """POST a request; what answers it at once is read too."""

    def action(walk: Walk) -> Came:
        body = document(walk)
        type = body["resourceType"]
        reply = walk.wire.post(type, body)
        sent = f"POST {type}" + (f" ({body['use']})" if "use" in body else "")
        if reply.location is None or reply.related is None:
            return came(sent, reply, reply.errors)
        walk.references[name] = _current(reply.location)
        walk.references[f"answer to {name}"] = reply.related
        walk.sent[name] = body
        # A Claim that is not urgent may be decided before its first answer is read.
        first = walk.wire.get(reply.related if is_urgent else f"{reply.related}/_history/1")
        return came(sent, reply, told.resource(first.document), reply.location, reply.related)

    return action


def decided(name: str) -> Action:
    """Ask by Task status until the Claim is no longer queued, or waits for something."""

    def action(walk: Walk) -> Came:
        task = documents.task("status", focus=walk.references[name])
        began = time.perf_counter()
        reply = until(lambda: walk.wire.post("Task", task), lambda each: not _is_undecided(each))
        waited = (time.perf_counter() - began) * 1000
        back = f"{reply.status} {standing(reply)}"
        return Came("POST Task status", back, reply.status, waited, (walk.references[name],))

    return action


def polled(
    *,
    focus: str | None = None,
    number: str | None = None,
    inputs: Callable[[Walk], Inputs] = lambda _: (),
) -> Action:
    """Poll, then read what the answer refers to: the Task refers, it does not carry."""

    def action(walk: Walk) -> Came:
        given = inputs(walk)
        task = documents.task("poll", number, walk.references[focus] if focus else None, given)
        reply = _executed(task, walk)
        filters = [*(["focus"] if focus else []), *(type for type, _ in given)]
        if focus is None:
            walk.references["polled"] = _current(_responses(reply)[0]) if _responses(reply) else ""
        sent = " ".join(["POST Task poll", *filters])
        return came(sent, reply, told_of(reply, walk), *_responses(reply))

    return action


def asked(
    code: str,
    name: str | None = None,
    *,
    number: str | None = None,
    inputs: Callable[[Walk], Inputs] = lambda _: (),
    contained: Callable[[Walk], documents.Document] | None = None,
) -> Action:
    """Have a Task of any other code executed; what it answers with is read too."""

    def action(walk: Walk) -> Came:
        focus = walk.references[name] if name else None
        inside = contained(walk) if contained else None
        task = documents.task(code, number, focus, inputs(walk), inside)
        reply = _executed(task, walk)
        if reply.location is not None:
            walk.references[f"{code} of {name}"] = _current(reply.location)
        ids = (focus or "", *_responses(reply))
        return came(f"POST Task {code}", reply, told_of(reply, walk), *ids)

    return action


def tried(code: str, name: str) -> Action:
    """Ask how a Task would be answered, with `Prefer: dry-run`."""

    def action(walk: Walk) -> Came:
        task = documents.task(code, focus=walk.references[name])
        reply = walk.wire.post("Task", task, Prefer="dry-run")
        tags = [tag["code"] for tag in reply.document["meta"]["tag"]]
        back = "; ".join([told_of(reply, walk), *tags])
        return came(f"POST Task {code}, dry run", reply, back, walk.references[name])

    return action


def sent_again(number: str) -> Action:
    """Send the very same Task a second time."""

    def action(walk: Walk) -> Came:
        task = walk.sent[number]
        reply = walk.wire.post("Task", task)
        is_same = reply.document == walk.answers[number]
        back = f"the {'same' if is_same else 'other'} answer, Task {reply.document['status']}"
        sent = f"POST Task {task['code']['coding'][0]['code']}, again"
        return came(sent, reply, back, reply.location or "")

    return action


def read(name: str, words: Callable[[documents.Document], str] = told.resource) -> Action:
    """GET what a step named."""

    def action(walk: Walk) -> Came:
        reference = walk.references[name]
        reply = walk.wire.get(reference)
        type = reference.partition("/")[0]
        return came(f"GET {type}", reply, reply.errors or words(reply.document), reference)

    return action


def found(type: str, asked: str, of: str | None = None) -> Action:
    """Search a type, or what belongs to one resource; `{name}` stands for the id a step named."""

    def action(walk: Walk) -> Came:
        ids = {name: each.rpartition("/")[2] for name, each in walk.references.items()}
        path = (walk.references[of] if of else type) + asked.format_map(ids)
        reply = walk.wire.get(path)
        return came(f"GET {type}{asked}", reply, told.bundle(reply.document))

    return action


def put_together(*names: str) -> Action:
    """Read several things by one batch."""

    def action(walk: Walk) -> Came:
        urls = [walk.references[name] for name in names]
        entries = [{"request": {"method": "GET", "url": url}} for url in urls]
        batch = {"resourceType": "Bundle", "type": "batch", "entry": entries}
        reply = walk.wire.post("", batch)
        return came("POST batch", reply, told.bundle(reply.document), *urls)

    return action


def verified(name: str) -> Action:
    """Read a nullify Task until the files have been looked at."""

    def action(walk: Walk) -> Came:
        reference = walk.references[name]
        reply = until(
            lambda: walk.wire.get(reference), lambda each: "purge-verified" in verdict(each)
        )
        return came("GET Task", reply, verdict(reply), reference)

    return action


def loaded(folder: str) -> Action:
    """Load the payer's data with the command that its operator uses, while the gateway runs."""

    def action(walk: Walk) -> Came:
        began = time.perf_counter()
        changes = load(walk.served.instance, *sorted((DATA / folder).glob("*.json")))
        back = ", ".join(f"{count} {change}" for change, count in sorted(changes.items()))
        return Came("eclaims load", back, 0, (time.perf_counter() - began) * 1000)

    return action


def paid(name: str) -> Action:
    """Pay by the command that the payer's operator uses; the last payment is given a name."""

    def action(walk: Walk) -> Came:
        began = time.perf_counter()
        lines = pay(walk.served.instance)
        issued = [f"PaymentReconciliation/{each['payment']}" for each in lines if each["payment"]]
        if issued:
            walk.references[name] = issued[-1]
        back = ", ".join(
            f"{each['outcome']} {each['amount']} {each['currency']} for {each['claims']}"
            for each in lines
        )
        took = (time.perf_counter() - began) * 1000
        return Came("eclaims pay", back, 0, took, tuple(issued))

    return action


def until(ask: Callable[[], Reply], is_enough: Callable[[Reply], bool]) -> Reply:
    """Ask again and again, for a minute at most; the last answer."""
    deadline = time.monotonic() + _SECONDS_TO_WAIT
    reply = ask()
    while not is_enough(reply) and time.monotonic() < deadline:
        time.sleep(_SECONDS_BETWEEN)
        reply = ask()
    return reply


def came(sent: str, reply: Reply, back: str, *ids: str) -> Came:
    """What came back, its HTTP status first."""
    words = f"{reply.status} {back}".strip()
    return Came(sent, words, reply.status, reply.milliseconds, tuple(each for each in ids if each))


def verdict(reply: Reply) -> str:
    """The status of a Task with what it waits for or its errors, or the errors of a refused one."""
    document = reply.document
    if document["resourceType"] == "OperationOutcome":
        return reply.errors
    business = told.codes([document["businessStatus"]]) if "businessStatus" in document else ""
    errors = told.errors(reply.outputs("error"))
    return " ".join(word for word in (document["status"], business, errors) if word)


def told_of(reply: Reply, walk: Walk) -> str:
    """A Task with its outputs; what they refer to is read."""
    return "; ".join(
        [
            verdict(reply),
            *(told.resource(walk.wire.get(each).document) for each in _responses(reply)),
            *(told.money(amount) for amount in reply.outputs("amount")),
            *(disposition.rstrip(".") for disposition in reply.outputs("disposition")),
            *(told.receipt(receipt) for receipt in reply.outputs("receipt")),
            *(f"{count} remaining" for count in reply.outputs("remaining")),
        ]
    )


def standing(reply: Reply) -> str:
    """The outputs of a status Task in one line."""
    words = [
        *reply.outputs("status"),
        *(told.money(total) for total in reply.outputs("total")),
        *(f"awaiting {told.codes([awaited])}" for awaited in reply.outputs("awaiting")),
        *_joined("resource", reply.outputs("resource-status")),
        *_joined("may", reply.outputs("allowed")),
    ]
    return f"{verdict(reply)}; {', '.join(words)}"


def _executed(task: documents.Document, walk: Walk) -> Reply:
    reply = walk.wire.post("Task", task)
    for identifier in task.get("identifier", ()):
        walk.sent[identifier["value"]] = task
        walk.answers[identifier["value"]] = reply.document
    return reply


def _responses(reply: Reply) -> list[str]:
    return [each["reference"] for each in reply.outputs("response")]


def _is_undecided(reply: Reply) -> bool:
    return reply.outputs("status") == ["queued"] and not reply.outputs("awaiting")


def _joined(word: str, values: Iterable[str]) -> list[str]:
    return [" ".join([word, *values])] if values else []


def _current(location: str) -> str:
    """A reference without its version."""
    return location.partition("/_history/")[0]

"""A small client that polls and acknowledges, and may be ended at any of its steps.

What it does is written to its journal before the next step, and the journal is its store as well:
an answer is taken by the one line that also tells that its poll is done. Started again on the same
journal it goes on where it was: it asks the same Task again, whose answer the gateway has kept, and
takes no answer that the journal has. What it has taken it acknowledges in its next poll, and says
so again until it hears that this was heard.
"""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.builders import a_task, an_input
from tests.reliability.retries import asked_until_answered, read_until_answered
from tests.wire import Wire

Step = Callable[[str], None]
Line = dict[str, Any]

AT_ONCE = 3
_MOST_ROUNDS = 10_000


class Refusal(Exception):
    """The gateway answered what this client has no way on from."""


@dataclass
class Journal:
    """Lines in a file, each on the disk before it counts; `step` is told how far one is."""

    path: Path
    step: Step
    lines: list[Line] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Read what is there; a line that was never finished is none."""
        written = self.path.read_bytes() if self.path.exists() else b""
        whole = written[: written.rfind(b"\n") + 1]
        self.lines = [json.loads(line) for line in whole.splitlines()]
        if len(whole) < len(written):
            with self.path.open("r+b") as file:
                file.truncate(len(whole))
                os.fsync(file.fileno())

    def add(self, line: Line) -> None:
        """Write a line; in two halves, so that it can be cut short."""
        encoded = json.dumps(line, default=str).encode() + b"\n"
        with self.path.open("ab", buffering=0) as file:
            file.write(encoded[: len(encoded) // 2])
            self.step("half a line")
            file.write(encoded[len(encoded) // 2 :])
            self.step("a line, not yet on the disk")
            os.fsync(file.fileno())
        self.lines.append(line)
        self.step("a line on the disk")


class PollingClient:
    """One submitter's client, on the journal that is its memory."""

    def __init__(self, wire: Wire, path: Path, step: Step = lambda _name: None) -> None:
        self._wire = wire
        self._step = step
        self._journal = Journal(path, step)

    @property
    def taken(self) -> list[Line]:
        """Every answer that it has, in the order in which it took them."""
        return [answer for line in self._journal.lines for answer in line.get("taken", ())]

    def run(self) -> None:
        """Poll until nothing comes; what waits behind a lease comes another time."""
        for _ in range(_MOST_ROUNDS):
            if not self._round():
                return
        raise Refusal("a queue without an end")

    def _round(self) -> bool:
        """One poll, and whether it brought anything."""
        asked = self._unfinished() or self._begun()
        answer, _ = asked_until_answered(self._wire, "Task", _task(asked))
        self._step("answered")
        if answer.document.get("status") != "completed":
            raise Refusal(answer.text)
        response = answer.output("response")
        found = [] if response is None else list(self._read(response))
        has = {_key(one) for one in self.taken}
        self._journal.add(
            {
                "done": asked["asked"],
                "acknowledged": asked["acknowledges"],
                "poll": None if response is None else answer.reference,
                "taken": [one for one in found if _key(one) not in has],
            }
        )
        return response is not None

    def _unfinished(self) -> Line | None:
        """The poll whose answer was not taken yet: it is sent again as it was."""
        last = self._journal.lines[-1] if self._journal.lines else {}
        return last if "asked" in last else None

    def _begun(self) -> Line:
        begun = {"asked": str(uuid4()), "acknowledges": self._unacknowledged()}
        self._journal.add(begun)
        return begun

    def _unacknowledged(self) -> list[str]:
        """The polls of which everything is taken, and the gateway is not known to know it."""
        done = [line for line in self._journal.lines if "done" in line]
        heard = {reference for line in done for reference in line["acknowledged"]}
        return [line["poll"] for line in done if line["poll"] and line["poll"] not in heard]

    def _read(self, reference: str) -> Iterator[Line]:
        """The answers behind a reference: reads, which may be repeated."""
        read = read_until_answered(self._wire, reference)
        self._step("read")
        if read.status != 200:
            raise Refusal(read.text)
        for entry in read.document.get("entry", [{"resource": read.document}]):
            yield entry["resource"]


def _task(asked: Line) -> Line:
    acks = [
        an_input("ack", valueReference={"reference": reference})
        for reference in asked["acknowledges"]
    ]
    count = an_input("count", valuePositiveInt=AT_ONCE)
    return a_task("poll", number=asked["asked"], inputs=[*acks, count])


def _key(answer: Line) -> tuple[str, str, str]:
    return answer["resourceType"], answer["id"], answer["meta"]["versionId"]

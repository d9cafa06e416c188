"""A client of many connections in a process of its own: `python -m benchmarks.measuring.load`.

Reads a job as JSON from standard input and prints what it saw as JSON. One thread, no library, one
request at a time on each connection: it costs some 40 µs a request, so that what is measured is the
server; `processor_seconds` tells whether it was. Every request is made before it is sent, from a
text in which a mark stands for a value of the same length.
"""

import json
import random
import re
import resource
import selectors
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

TOKEN, VALUE = b"@TOKEN@", b"@VALUE@"
DIGITS = 12
LOOPBACK = "127.0.0.1"
# How long an answer may take that is still awaited when the time is over.
PATIENCE_SECONDS = 60.0
LARGEST_READ = 1 << 20
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_LOCATION = re.compile(rb"\r\n(?i:location): *\S*?/[A-Z]\w+/([A-Za-z0-9.-]{1,64})")


@dataclass
class Step:
    """One kind of request: its text, and the values that its mark takes.

    `values` are of each token: drawn at random, or each `once`. Without values the mark becomes a
    number of `DIGITS` digits that nobody had before. `follow` is a second request, about the first
    reference in the first answer that is of the type `follow_type`; both are one measurement. What
    the (first) answer must hold to count as an answer is `proof`.
    """

    name: str
    request: str
    status: int
    weight: int = 1
    values: list[list[str]] | None = None
    once: bool = False
    follow: str | None = None
    follow_type: str = "Bundle"
    proof: str = ""


@dataclass
class Job:
    """How many connections send what, to which port, for how long; `warm_up` is not counted.

    Counted is what is answered after that; what was sent before the end is waited for, and so is
    the time that it takes.
    """

    port: int
    connections: int
    seconds: float
    warm_up: float
    tokens: list[str]
    steps: list[Step]
    first_number: int = 1


@dataclass
class Seen:
    """What came back: milliseconds by step, and how many answers were not as expected."""

    milliseconds: dict[str, list[float]] = field(default_factory=dict)
    seconds: float = 0.0
    processor_seconds: float = 0.0
    answered: int = 0
    # Answers that were not what is measured, and the first of them.
    unexpected: int = 0
    surprise: str = ""
    # Of each step whose values are used once: how many of each token are left, from the first on.
    left: dict[str, list[int]] = field(default_factory=dict)
    # Of each token: the number in the request and the id of what was created.
    created: list[list[tuple[str, str]]] = field(default_factory=list)
    # How long the last body of each step was.
    body_bytes: dict[str, int] = field(default_factory=dict)
    next_number: int = 0


@dataclass
class Connection:
    """One connection, and what it waits for."""

    socket: socket.socket
    token: int
    step: Step
    buffer: bytearray = field(default_factory=bytearray)
    sent_at: float = 0.0
    value: str = ""
    is_following: bool = False


class Client:
    """All connections of one job."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.seen = Seen(created=[[] for _ in job.tokens])
        self.number = job.first_number
        self.random = random.Random(job.first_number)
        self.weights = [step.weight for step in job.steps]
        self.requests = {
            (step.name, token): step.request.encode().replace(TOKEN, text.encode())
            for step in job.steps
            for token, text in enumerate(job.tokens)
        }
        self.selector = selectors.DefaultSelector()
        self.counts_from = self.until = self.last = 0.0

    def run(self) -> Seen:
        """Send until the time is over or nothing is left to send; then wait for what is open."""
        connections = [self.connected(nth) for nth in range(self.job.connections)]
        started = time.perf_counter()
        self.counts_from = started + self.job.warm_up
        self.until = self.counts_from + self.job.seconds
        for connection in connections:
            self.send(connection)
        while self.selector.get_map():
            ready = self.selector.select(PATIENCE_SECONDS)
            if not ready:
                raise TimeoutError(f"no answer for {PATIENCE_SECONDS} s")
            for key, _ in ready:
                self.read(key.data)
        used = resource.getrusage(resource.RUSAGE_SELF)
        self.seen.processor_seconds = used.ru_utime + used.ru_stime
        self.seen.seconds = max(self.last - self.counts_from, 0.0)
        self.seen.left = {
            step.name: [len(values) for values in step.values]
            for step in self.job.steps
            if step.once and step.values is not None
        }
        self.seen.next_number = self.number
        return self.seen

    def connected(self, nth: int) -> Connection:
        """A new connection; the tokens are dealt out in turn."""
        opened = socket.create_connection((LOOPBACK, self.job.port), timeout=PATIENCE_SECONDS)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = Connection(opened, nth % len(self.job.tokens), self.job.steps[0])
        self.selector.register(opened, selectors.EVENT_READ, connection)
        return connection

    def send(self, connection: Connection) -> None:
        """The next request, or the end of the connection."""
        connection.step = self.drawn(connection.token)
        is_over = time.perf_counter() >= self.until
        value = None if is_over else self.next_value(connection.step, connection.token)
        if value is None:
            self.selector.unregister(connection.socket)
            connection.socket.close()
            return
        connection.value = value
        connection.is_following = False
        request = self.requests[connection.step.name, connection.token]
        connection.sent_at = time.perf_counter()
        connection.socket.sendall(request.replace(VALUE, value.encode()))

    def drawn(self, token: int) -> Step:
        """A step by weight, of those that have something left to send."""
        step = self.random.choices(self.job.steps, self.weights)[0]
        if step.values is None or step.values[token]:
            return step
        left = (one for one in self.job.steps if one.values is None or one.values[token])
        return next(left, step)

    def next_value(self, step: Step, token: int) -> str | None:
        """What the mark stands for; None if there is nothing left."""
        if step.values is None:
            self.number += 1
            return f"{self.number:0{DIGITS}}"
        values = step.values[token]
        if step.once:
            return values.pop() if values else None
        return self.random.choice(values) if values else None

    def read(self, connection: Connection) -> None:
        """What has come; with a whole answer go on."""
        received = connection.socket.recv(LARGEST_READ)
        if not received:
            raise ConnectionError("the server closed a connection in the middle of an answer")
        connection.buffer += received
        for status, head, body in answers(connection.buffer):
            self.answer(connection, status, head, body)

    def answer(self, connection: Connection, status: int, head: bytes, body: bytes) -> None:
        """Note one answer, and send what comes next."""
        now = time.perf_counter()
        step, token = connection.step, connection.token
        if not self.is_expected(connection, status, body):
            self.seen.unexpected += 1
            self.seen.surprise = self.seen.surprise or f"{status} {body[:600].decode()}"
        elif step.follow is not None and not connection.is_following:
            self.send_following(connection, body)
            return
        else:
            self.seen.answered += 1
            self.seen.body_bytes[step.name] = len(body)
            # Also what comes after the end: what is slow would otherwise be left out.
            if now >= self.counts_from:
                self.last = now
                taken = (now - connection.sent_at) * 1000
                self.seen.milliseconds.setdefault(step.name, []).append(round(taken, 4))
            if step.values is None and (found := _LOCATION.search(head)):
                self.seen.created[token].append((connection.value, found[1].decode()))
        self.send(connection)

    def is_expected(self, connection: Connection, status: int, body: bytes) -> bool:
        """Whether it is the answer that is measured, and not a refusal."""
        if connection.is_following:
            return status == 200
        return status == connection.step.status and connection.step.proof.encode() in body

    def send_following(self, connection: Connection, body: bytes) -> None:
        """The second request of a pair."""
        step = connection.step
        wanted = rf'"reference": *"{step.follow_type}/([^"/]+)'
        found = re.search(wanted.encode(), body)
        if found is None or step.follow is None:
            raise LookupError(f"no {step.follow_type} in {body[:600].decode()}")
        connection.is_following = True
        text = step.follow.encode().replace(TOKEN, self.job.tokens[connection.token].encode())
        connection.socket.sendall(text.replace(VALUE, found[1]))


def answers(buffer: bytearray) -> Iterator[tuple[int, bytes, bytes]]:
    """Each whole answer at the beginning of what was received, which is taken out of it."""
    while (end := buffer.find(b"\r\n\r\n")) >= 0:
        head = bytes(buffer[: end + 2])
        length = _LENGTH.search(head)
        if length is None:
            raise ValueError("an answer does not tell its length")
        size = end + 4 + int(length[1])
        if len(buffer) < size:
            return
        body = bytes(buffer[end + 4 : size])
        del buffer[:size]
        yield int(head[9:12]), head, body


def main() -> None:
    """Do the job of standard input."""
    given: dict[str, Any] = json.load(sys.stdin)
    steps = [Step(**step) for step in given.pop("steps")]
    print(json.dumps(asdict(Client(Job(steps=steps, **given)).run())))


if __name__ == "__main__":
    main()

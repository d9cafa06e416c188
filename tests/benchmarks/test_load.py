"""The client of the benchmarks: how it cuts answers out of what it receives, and what it counts."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchmarks.measuring.load import Client, Job, Step, answers
from benchmarks.measuring.requests import ITEMS, a_claim_of, got, posted, submit

ANSWER = b"HTTP/1.1 201 Created\r\nContent-Length: 3\r\n\r\nabc"


class Scripted(BaseHTTPRequestHandler):
    """Creates what is posted, and knows what it created."""

    protocol_version = "HTTP/1.1"
    posted: list[tuple[str, bytes]] = []  # noqa: RUF012  of the one server of a test

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.posted.append((self.headers["Authorization"], body))
        number = len(self.posted)
        self.answer(201, b'{"reference":"Bundle/b-1"}', Location=f"http://x/Claim/c-{number}/_h/1")

    def do_GET(self):
        self.answer(200 if self.path.endswith(("Bundle/b-1", "c-1")) else 404, b"{}")

    def answer(self, status, body, **headers):
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def port():
    Scripted.posted = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Scripted) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def seen(port, *steps, connections=2, tokens=("t1", "t2")):
    return Client(Job(port, connections, 30.0, 0.0, list(tokens), list(steps))).run()


# --- what is refused


def test_an_answer_without_a_length_is_refused():
    with pytest.raises(ValueError, match="length"):
        list(answers(bytearray(b"HTTP/1.1 200 OK\r\n\r\n")))


def test_an_unexpected_answer_is_counted_apart(port):
    step = Step("read", got("/Claim/@VALUE@"), 200, values=[["c-9", "c-1"]], once=True)

    found = seen(port, step, connections=1, tokens=("t",))

    assert (found.answered, found.unexpected) == (1, 1)
    assert found.surprise == "404 {}"
    assert len(found.milliseconds["read"]) == 1


def test_an_answer_that_proves_nothing_is_unexpected(port):
    steps = [
        Step("no", posted("/Task", {}), 201, values=[[""]], once=True, proof="completed"),
        Step("yes", posted("/Task", {}), 201, values=[[""]], once=True, proof="reference"),
    ]

    refused, counted = (seen(port, step, connections=1, tokens=("t",)) for step in steps)

    assert (refused.answered, refused.unexpected) == (0, 1)
    assert (counted.answered, counted.unexpected) == (1, 0)


# --- what is done


def test_answers_are_cut_out_of_what_was_received():
    buffer = bytearray(ANSWER + ANSWER + ANSWER[:-1])

    found = list(answers(buffer))

    assert found == [(201, ANSWER[:-5], b"abc")] * 2
    assert bytes(buffer) == ANSWER[:-1]


def test_each_value_is_sent_once_with_its_own_token(port):
    step = Step(
        "cancel", posted("/Task", "<@VALUE@>", 1), 201, values=[["a", "b"], ["c"]], once=True
    )

    found = seen(port, step)

    assert sorted(Scripted.posted) == [
        ("Bearer t1", b"<a>"),
        ("Bearer t1", b"<b>"),
        ("Bearer t2", b"<c>"),
    ]
    assert (found.answered, found.left) == (3, {"cancel": [0, 0]})


def test_a_pair_is_one_measurement(port):
    step = Step(
        "poll", posted("/Task", "{}"), 201, values=[[""]], once=True, follow=got("/Bundle/@VALUE@")
    )

    found = seen(port, step, connections=1, tokens=("t",))

    assert (found.answered, len(found.milliseconds["poll"])) == (1, 1)


def test_what_is_created_is_told_with_its_number(port):
    job = Job(port, 1, 0.05, 0.0, ["t"], [submit(ITEMS)], first_number=41)

    found = Client(job).run()

    assert found.created[0][0] == ("000000000042", "c-1")
    assert found.next_number == 41 + len(Scripted.posted)
    assert Scripted.posted[0][1].decode() == a_claim_of(ITEMS, "000000000042")

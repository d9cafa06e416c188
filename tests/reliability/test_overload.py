"""More than a server can take: slow clients stop nobody, and who is too many is told so at once."""

import signal
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from functools import partial
from http.client import HTTPResponse
from shutil import copytree
from subprocess import TimeoutExpired

import pytest

from app.api.admission import MOST_BODIES
from app.fhir import json_text
from app.store import tables
from app.store.database.engine import Store
from tests.builders import a_claim
from tests.reliability.crowd import together
from tests.reliability.programs import Instance, asked, serving, set_up
from tests.rows import Rows

SLOW, SECONDS = MOST_BODIES // 2 + 1, 60
# More than a gate of theirs would let wait.
LOOKS = 20
CLAIM = "/fhir/r4/Claim"

crowds = pytest.mark.parametrize(
    "crowd", [48, pytest.param(192, marks=pytest.mark.soak)], ids="{} at once".format
)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory) -> Instance:
    """An installation to copy."""
    return set_up(tmp_path_factory.mktemp("prepared"), None)


@pytest.fixture
def instance(prepared, tmp_path) -> Instance:
    """On SQLite: one process, which all of them ask."""
    return replace(prepared, folder=copytree(prepared.folder, tmp_path / "instance"))


def _set(instance: Instance, *lines: str) -> None:
    with (instance.folder / "settings.toml").open("a") as written:
        written.write("".join(f"{line}\n" for line in lines))


@contextmanager
def _begun(instance: Instance, length: int = 1_000) -> Iterator[socket.socket]:
    """A request whose body has begun, and goes no further."""
    with socket.create_connection(("127.0.0.1", instance.port), SECONDS) as line:
        headers = f"POST {CLAIM} HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n\r\n"
        line.sendall(headers.encode() + b"{")
        yield line


def _sent_in_chunks(instance: Instance, chunks: bytes) -> tuple[int, str]:
    """What a known client is told."""
    with socket.create_connection(("127.0.0.1", instance.port), SECONDS) as line:
        told = [
            *(f"POST {CLAIM} HTTP/1.1", "Host: h", f"Authorization: Bearer {instance.token}"),
            *("Content-Type: application/fhir+json", "Transfer-Encoding: chunked", "", ""),
        ]
        line.sendall("\r\n".join(told).encode() + chunks)
        return _answer(line)


def _answer(line: socket.socket) -> tuple[int, str]:
    """Status and error of what comes; its connection is ended then."""
    response = HTTPResponse(line)
    response.begin()
    document = json_text.parsed(response.read().decode())
    (issue,) = document["issue"]
    assert response.will_close
    return response.status, issue["details"]["coding"][0]["code"]


def test_slow_clients_stop_nobody_and_are_sent_away(instance):
    _set(instance, "body_seconds = 2")
    claim = json_text.write(a_claim())
    with serving(instance), ExitStack() as opened:
        slow = [opened.enter_context(_begun(instance)) for _ in range(SLOW)]
        taken = [asked(instance, "POST", CLAIM, claim)[0] for _ in range(3)]
        health = asked(instance, "GET", "/health/ready")[0]
        # They still send, and too little: each is told, and none was served by then.
        for line in slow:
            with suppress(ConnectionError):
                line.sendall(b" ")
        told = Counter(_answer(line) for line in slow)
        again = asked(instance, "POST", CLAIM, claim)[0]

    assert (taken, health, again) == ([201, 200, 200], 200, 200)
    # Without a credential they had half of the places, and no more.
    assert told == {(408, "ECG-SLOW-BODY"): SLOW - 1, (401, "ECG-LOGIN"): 1}


def test_a_body_in_chunks_has_no_effect_whether_it_ends_or_not(instance):
    claim = json_text.write(a_claim()).encode()
    chunk = b"%x\r\n%s\r\n" % (len(claim), claim)
    with serving(instance):
        told = [_sent_in_chunks(instance, chunk + end) for end in (b"", b"0\r\n\r\n")]
        first = asked(instance, "POST", CLAIM, claim.decode())[0]
        second = asked(instance, "POST", CLAIM, claim.decode())[0]

    assert told == [(411, "ECG-LENGTH")] * 2
    assert (first, second) == (201, 200)


def test_a_slow_client_that_finishes_in_time_is_served(instance):
    claim = json_text.write(a_claim()).encode()
    with serving(instance), _begun(instance, len(claim)) as line:
        asked(instance, "GET", "/health/live")
        line.sendall(claim[1:])
        response = HTTPResponse(line)
        response.begin()

    # It brought no credential, and was read to its end before that was found out.
    assert (response.status, response.will_close) == (401, False)


def test_a_stop_waits_for_a_slow_client_no_longer_than_it_is_told(instance):
    _set(instance, "stop_seconds = 1")
    with serving(instance) as server, _begun(instance):
        assert asked(instance, "GET", "/health/live")[0] == 200
        server.terminate()

        assert server.wait(SECONDS) == 0


def test_a_second_signal_ends_a_server_that_still_waits(instance):
    _set(instance, "stop_seconds = 600")
    with serving(instance) as server, _begun(instance):
        assert asked(instance, "GET", "/health/live")[0] == 200
        server.terminate()
        with pytest.raises(TimeoutExpired):
            server.wait(1)
        server.terminate()

        assert server.wait(SECONDS) == -signal.SIGTERM
    # What it had started is gone with it.
    with serving(instance):
        assert asked(instance, "GET", "/health/ready")[0] == 200


@crowds
def test_who_is_too_many_is_told_so_and_nothing_confirmed_is_lost(instance, crowd, figures):
    _set(instance, "waiting_requests = 1")

    def send(number: int) -> list[tuple[int, str | None, str | None]]:
        told = []
        for nth in range(4):
            claim = json_text.write(a_claim(number=f"O{number}-{nth}"))
            status, headers, body = asked(instance, "POST", CLAIM, claim)
            id = json_text.parsed(body.decode())["id"] if status == 201 else None
            told.append((status, headers.get("retry-after"), id))
        return told

    with serving(instance):
        look = [partial(asked, instance, "GET", f"/health/{of}") for of in ("live", "ready")]
        senders = [partial(send, number) for number in range(crowd)]
        told = together([*senders, *(look * LOOKS)])
    answers, health = told[:crowd], told[crowd:]
    statuses = Counter(status for told in answers for status, _, _ in told)
    store = Store(f"sqlite:///{instance.folder}/eclaims.sqlite3")
    kept = {row["id"] for row in Rows(store).of(tables.submission)}
    store.close()

    figures |= {"requests": statuses.total(), "statuses": dict(statuses)}
    assert statuses.keys() == {201, 503}, figures
    assert {after for told in answers for status, after, _ in told if status == 503} == {"1"}
    assert [status for status, _, _ in health] == [200] * 2 * LOOKS
    assert kept == {id for told in answers for _, _, id in told if id is not None}

"""Raw bytes to the real server: what no client sends is refused soon, and has no effect."""

import random
import re
import socket
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

import pytest

from app.fhir import json_text
from app.store import tables
from app.store.database.engine import Store
from tests.builders import a_claim
from tests.cli.installations import database_of
from tests.cli.processes import LOOPBACK, Gateway
from tests.rows import Rows
from tests.security.wire_forms import HIDDEN, Parts, Sent, pairs, singles

LONGEST_SECONDS = 10.0
# What the server may say of its own inability: what it does not know, in method and version.
INABILITIES = {501, 505}
SHORT, LONG = 220, 2600
QUIET_SECONDS = 3.0
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})[^\r\n]*\r\n")
# Sent behind everything: where the server still understands what comes, it answers and ends.
LAST = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


@dataclass(frozen=True)
class Heard:
    """What came back on one connection until its end."""

    data: bytes

    @property
    def statuses(self) -> list[int]:
        """The status of each answer but the interim ones."""
        return [int(one) for one in _STATUS.findall(self.data) if one != b"100"]


def exchanged(port: int, data: bytes) -> Heard:
    """Send all that there is, and hear the server out; it must come to an end."""
    heard, has_ended = b"", False
    with socket.create_connection((LOOPBACK, port), LONGEST_SECONDS) as connection:
        try:
            connection.sendall(data + LAST)
            connection.settimeout(QUIET_SECONDS)
            while True:
                try:
                    part = connection.recv(65_536)
                except TimeoutError:
                    assert not has_ended, (data[:200], heard[-200:])
                    # It waits for more, which never comes.
                    connection.shutdown(socket.SHUT_WR)
                    connection.settimeout(LONGEST_SECONDS)
                    has_ended = True
                    continue
                if not part:
                    break
                heard += part
        except (ConnectionResetError, BrokenPipeError):
            # It need not hear all of what it refuses.
            pass
    return Heard(heard)


@pytest.fixture
def gateway(on_sqlite, processes) -> Gateway:
    added = on_sqlite.json("submitter", "add", "Happy Valley", "--identifier", "sid|Happy Valley")
    # Nobody reads its log meanwhile, and a pipe has little room.
    served = processes.serve(ECLAIMS_BODY_SECONDS="1", ECLAIMS_LOG_LEVEL="ERROR")
    return served.as_client(added["token"])


@pytest.fixture
def kept(on_sqlite, gateway):
    """The rows of the installation that is served."""
    store = Store(database_of(on_sqlite))
    yield Rows(store)
    store.close()


def parts_of(gateway: Gateway, number: int) -> Parts:
    """A request of its own: a Claim that nobody has sent before."""
    return Parts(
        b"Host: %s:%d" % (LOOPBACK.encode(), gateway.port),
        b"Authorization: Bearer " + gateway.token.encode(),
        json_text.write(a_claim(number=f"R{number}")).encode(),
    )


def test_what_is_well_formed_is_taken(gateway, kept):
    """The accepted twin, by itself, in pieces of a pipeline, and after an Expect."""
    first, second, third = (parts_of(gateway, number) for number in range(3))
    asked = [
        first.request(first.length),
        second.request(second.length) + third.request(third.length),
        first.request(first.length, b"Expect: 100-continue"),
    ]

    heard = [exchanged(gateway.port, data).statuses for data in asked]

    assert heard == [[201, 200], [201, 201, 200], [200, 200]]
    assert len(kept.of(tables.submission)) == 3


def generated(gateway: Gateway, number: int, seed: int) -> list[Sent]:
    """So many forms: what is wrong by itself, and what is wrong together; each with its own Claim.

    The short form draws from the first.
    """
    alone = len(list(singles(parts_of(gateway, 0))))
    chosen = sorted(random.Random(seed).sample(range(alone), min(number, alone)))
    # Made anew for each, as all of one Claim would be one Claim sent again.
    forms = [next(islice(singles(parts_of(gateway, at)), at, None)) for at in chosen]
    for at in range(number - len(forms)):
        forms += pairs(parts_of(gateway, alone + at), 1, 1000 * seed + at)
    return forms


def misunderstood(gateway: Gateway, forms: Iterable[Sent]) -> tuple[Counter[int], list[str]]:
    """What was answered how often, and which answers were none to give."""
    told, wrong = Counter[int](), []
    for form in forms:
        statuses = exchanged(gateway.port, form.data).statuses
        told.update(statuses or [0])
        if any(status >= 500 and status not in INABILITIES for status in statuses):
            wrong.append(f"{form.name}: {statuses}")
        if gateway.ask("GET", "/health/ready").status != 200:
            wrong.append(f"{form.name}: nobody is served after it")
    return told, wrong


@pytest.mark.parametrize(
    ("number", "seed"),
    [
        pytest.param(SHORT, 1, id=f"{SHORT} forms"),
        pytest.param(LONG, 2, id=f"{LONG} forms", marks=pytest.mark.soak),
    ],
)
def test_bytes_that_no_client_sends_are_refused_and_have_no_effect(
    gateway, kept, number, seed, figures
):
    forms = generated(gateway, number, seed)
    assert len(forms) == number

    told, wrong = misunderstood(gateway, forms)

    figures |= {"sent": len(forms), **{str(status): told[status] for status in sorted(told)}}
    assert wrong == []
    # Each Claim that is there was answered so, and what was hidden behind a body was never heard.
    assert len(kept.of(tables.submission, type="Claim")) == told[201]
    assert kept.of(tables.resource, type=HIDDEN) == []
    assert sum(told[status] for status in told if status >= 400) > number // 2

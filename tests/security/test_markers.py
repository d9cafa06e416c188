"""Markers in everything that is sent: in nothing that processes write, or that others are told.

One real `eclaims serve` for each database, all ways to fail, and then every byte of what was said.
"""

import base64
import http.client
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import psycopg
import pysqlite3
import pytest

from app.fhir import json_text
from tests.builders import (
    a_claim,
    a_communication,
    a_task,
    an_eligibility_request,
    an_enrollment_request,
    an_input,
)
from tests.cli.installations import database_of
from tests.cli.processes import DEADLINE, LOOPBACK, Gateway
from tests.conformance.test_official_examples import EXAMPLES
from tests.security.planted import MARKER, PLAIN, found_in, one_by_one, planted

HEADERS = (
    "Accept",
    "Accept-Language",
    "Content-Type",
    "Cookie",
    "If-Match",
    "If-Modified-Since",
    "If-None-Exist",
    "If-None-Match",
    "Idempotency-Key",
    "Prefer",
    "Referer",
    "User-Agent",
    "X-Forwarded-For",
    "X-Request-Id",
    "traceparent",
)
Ask = tuple[str, str, Any, dict[str, Any]]
OWN = {"resourceType": "Patient", "name": [{"family": "A"}]}


@dataclass
class Written:
    """What processes write, read as it comes: a pipe has little room."""

    texts: list[str] = field(default_factory=list)
    readers: list[threading.Thread] = field(default_factory=list)

    def of(self, process):
        for stream in (process.stdout, process.stderr):
            reader = threading.Thread(target=lambda kept=stream: self.texts.append(kept.read()))
            reader.start()
            self.readers.append(reader)

    def all(self) -> str:
        for reader in self.readers:
            reader.join(DEADLINE)
        return "\n".join(self.texts)


@pytest.fixture
def extended(tmp_path) -> str:
    """A folder with an installed adjudicator that fails."""
    info = tmp_path / "more" / "raising-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: raising\nVersion: 1\n")
    target = "tests.security.raising_adjudicator:Raising"
    (info / "entry_points.txt").write_text(f"[eclaims.adjudicators]\nraising = {target}\n")
    return str(info.parent)


def add(eclaims, name):
    named = ("--identifier", f"sid|{name}", "--acts-for", "*")
    return eclaims.json("submitter", "add", name, *named)["token"]


def sent(
    gateway: Gateway, method: str, path: str, document=None, **headers: str
) -> tuple[int, str]:
    """One request with any headers, whatever is in them."""
    connection = http.client.HTTPConnection(LOOPBACK, gateway.port, timeout=DEADLINE)
    body = None if document is None else json_text.write(document).encode()
    given = {"Content-Type": "application/fhir+json", "Authorization": f"Bearer {gateway.token}"}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        connection.request(method, path, body, given)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def everywhere(gateway: Gateway) -> list[tuple[int, str]]:
    """The markers in paths, queries, headers and bodies, one place at a time and all at once."""
    asks = [*_of_paths(), *_of_headers(), *_of_bodies()]
    return [
        sent(gateway, method, f"/fhir/r4/{path}", document, **headers)
        for method, path, document, headers in asks
    ]


def _of_paths() -> Iterator[Ask]:
    for spelled in (quote(MARKER, safe=""), PLAIN):
        for path in ("", "Claim/", "Claim/1/_history/", "Claim/1/$", "Patient/1/", "Task/"):
            for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "PURGE"):
                yield method, path + spelled, OWN, {}
        for name in ("identifier", "patient", "_id", "_sort", "_count", "_page", "_format", "x"):
            yield "GET", f"Claim?{name}={spelled}", None, {}
            yield "GET", f"Claim?{spelled}:{spelled}={spelled}", None, {}


def _of_headers() -> Iterator[Ask]:
    many = f"{PLAIN}; {PLAIN}={PLAIN}, {MARKER}".encode("latin-1")
    for name in HEADERS:
        yield "POST", "Patient", OWN, {name: PLAIN}
        yield "POST", "Patient", OWN, {name: many}
    for scheme in ("Bearer", "Basic", PLAIN):
        yield "GET", "Claim/1", None, {"Authorization": f"{scheme} {PLAIN}"}
    yield "POST", "Claim", a_claim(), {"Content-Encoding": PLAIN}


def _of_bodies() -> Iterator[Ask]:
    for file in sorted(EXAMPLES.glob("*1*.json")):
        document = json_text.parsed(file.read_text())
        yield "POST", document["resourceType"], planted(document), {}
    poll = a_task("poll", inputs=[an_input("count", valuePositiveInt=1)])
    own = (a_claim(), a_communication(), an_eligibility_request(), an_enrollment_request(), poll)
    for document in own:
        for changed in one_by_one(document):
            yield "POST", document["resourceType"], changed, {}
    entry = {"resource": planted(a_claim()), "request": {"method": "POST", "url": MARKER}}
    yield "POST", "", {"resourceType": "Bundle", "type": "batch", "entry": [entry]}, {}


def broken(database: str, statement: str) -> None:
    """Do something to the database from beside it."""
    if database.startswith("sqlite"):
        connection = pysqlite3.connect(database.removeprefix("sqlite:///"))
    else:
        connection = psycopg.connect(database.replace("+psycopg", ""))
    connection.execute(statement)
    connection.commit()
    connection.close()


@pytest.fixture
def served(installed, processes, extended, database) -> Iterator[tuple[Gateway, Written]]:
    """A gateway whose payer's adjudicator fails, and what its processes write."""
    token = add(installed, "Happy Valley")
    done = processes.run("payer", "set", "--adjudicator", "raising", PYTHONPATH=extended)
    assert done.returncode == 0, done.stderr
    environment = {"PYTHONPATH": extended, "ECLAIMS_LOG_LEVEL": "DEBUG"}
    written = Written()
    gateway = processes.serve("--workers", "1", **environment).as_client(token)
    written.of(gateway.process)
    if not database.startswith("sqlite"):
        written.of(processes.start("work", **environment))
    return gateway, written


def told_to_others(gateway: Gateway, other: Gateway, asked: list[tuple[int, str]]) -> list[str]:
    """What somebody else is answered about what there is now."""
    created = [json_text.parsed(text) for status, text in asked if status == 201]
    return [
        sent(other, method, f"/fhir/r4/{one['resourceType']}/{one['id']}", OWN)[1]
        for one in created[:20]
        for method in ("GET", "PUT", "DELETE")
    ]


def told_of_faults(gateway: Gateway, database: str) -> list[str]:
    """What is answered where the database refuses a statement, whose values are in its fault."""
    broken(database, "ALTER TABLE mention RENAME TO elsewhere")
    faults = [sent(gateway, "POST", "/fhir/r4/Claim", one) for one in one_by_one(a_claim())[:20]]
    broken(database, "ALTER TABLE elsewhere RENAME TO mention")
    assert 500 in {status for status, _ in faults}
    return [text for status, text in faults if status >= 500]


def told_by_commands(processes, folder) -> list[str]:
    """What commands print that fail, and that look at what failed."""
    # Whoever loads a file is told the names in it that R4 does not know, and no value.
    (folder / "wrong.json").write_text(json_text.write(planted(a_claim(), names=False)))
    commands = (("load", str(folder / "wrong.json")), ("queue",), ("clocks",))
    done = [processes.run(*words) for words in commands]
    assert [one.returncode for one in done] == [1, 0, 0]
    return [one.stdout + one.stderr for one in done]


def test_no_marker_is_written_by_a_process_or_told_to_somebody_else(
    installed, processes, served, tmp_path, database, request, figures
):
    gateway, written = served
    other = gateway.as_client(add(installed, "Other"))

    asked = everywhere(gateway)
    told = told_to_others(gateway, other, asked)
    told += told_of_faults(gateway, database_of(installed))
    told += [gateway.ask("GET", f"/health/{one}").text for one in ("live", "ready")]
    told += told_by_commands(processes, tmp_path)
    if not database.startswith("sqlite"):
        told.append(request.getfixturevalue("cluster").log)
    codes = {end_of(process) for process in processes.started}
    everything = written.all()

    figures |= {"requests": len(asked), "letters written": len(everything)}
    assert codes <= {0, 1}
    assert {201, 400, 401, 404, 405, 415} <= {status for status, _ in asked}
    # What failed is told by its class: the adjudicator in its job, the statement in its request.
    assert "AdjudicatorFailed" in everything
    assert '"event": "fault"' in everything
    assert found_in(everything, *told) == []


def end_of(process) -> int:
    process.terminate()
    return process.wait(DEADLINE)


def test_a_marker_is_found_however_it_is_spelled():
    for shift in range(3):
        text = "x" * shift + MARKER + "y"
        assert found_in(base64.b64encode(text.encode()).decode()) != [], shift
    for spelled in (MARKER, quote(MARKER), json_text.write(MARKER), MARKER.encode().hex()):
        assert found_in(f"a {spelled} b") != []
    assert found_in("a harmless line") == []

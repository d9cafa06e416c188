"""The requests that are measured, as texts with marks for a token and a value."""

import json
from decimal import Decimal
from typing import Any

from app.fhir import json_text
from benchmarks.measuring.load import DIGITS, TOKEN, VALUE, Step
from benchmarks.validation import the_claim
from tests.builders import CLAIM_SYSTEM, COVERAGE_SYSTEM, a_claim, a_task, an_input, identifier

FHIR = "/fhir/r4"
ID = "0" * 36
PRICE = Decimal("35.50")
ITEMS, MANY_ITEMS = 3, 100
_COMPLETED = '"status":"completed"'
_TOKEN, _VALUE = TOKEN.decode(), VALUE.decode()


def a_claim_of(items: int, number: str = _VALUE, member: str = "M1") -> str:
    """The text of a Claim with lines as a dental office writes them, of some 600 bytes each."""
    written = json.loads(the_claim())
    line = written["item"][0]
    money = {"value": PRICE, "currency": "CAD"}
    lines = [
        {**line, "sequence": nth, "factor": 1, "unitPrice": money, "net": money}
        for nth in range(1, items + 1)
    ]
    return json_text.write(
        a_claim(
            number=number,
            coverage={"identifier": identifier(COVERAGE_SYSTEM, member)},
            careTeam=written["careTeam"],
            diagnosis=written["diagnosis"],
            item=lines,
            total={"value": PRICE * items, "currency": "CAD"},
        )
    )


def submit(items: int) -> Step:
    """A Claim that nobody sent before."""
    return Step(f"submit {items}", posted(f"{FHIR}/Claim", a_claim_of(items), DIGITS), 201)


def status(claims: list[list[str]]) -> Step:
    """How far one of its Claims is."""
    task = a_task("status", focus=f"Claim/{_VALUE}")
    return Step("status", _task(task), 201, values=claims, proof=_COMPLETED)


def cancel(claims: list[list[str]]) -> Step:
    """Cancel a Claim, each once."""
    task = a_task("cancel", focus=f"Claim/{_VALUE}")
    return Step("cancel", _task(task), 201, values=claims, once=True, proof=_COMPLETED)


def poll(count: int, times: list[int]) -> Step:
    """Fetch so many answers and what they are; of each token at most so many times."""
    task = a_task("poll", inputs=[an_count(count)])
    return Step(
        f"poll {count}",
        posted(f"{FHIR}/Task", task),
        201,
        values=[[""] * most for most in times],
        once=True,
        follow=got(f"{FHIR}/Bundle/{_VALUE}"),
    )


def an_count(count: int) -> dict[str, Any]:
    """Task.input by which a poll says how many; of our own code system."""
    given = an_input("count", valuePositiveInt=count)
    own = "https://eclaims-gateway.org/fhir/CodeSystem/task-input"
    given["type"]["coding"][0]["system"] = own
    return given


def read(claims: list[list[str]]) -> Step:
    """One of its Claims by its id."""
    return Step("read", got(f"{FHIR}/Claim/{_VALUE}"), 200, values=claims)


def search(numbers: list[list[str]]) -> Step:
    """One of its Claims by its identifier."""
    path = f"{FHIR}/Claim?identifier={CLAIM_SYSTEM}%7C{_VALUE}"
    return Step("search", got(path), 200, values=numbers)


def trivial() -> Step:
    """Whether the process lives."""
    return Step("live", got("/health/live"), 200)


def row(name: str, size: int) -> Step:
    """So many bytes for the floor."""
    return Step(name, posted("/row", "x" * size), 201)


def peer_create(items: int) -> Step:
    """The same Claim, for the other server."""
    return Step(f"submit {items}", posted("/Claim", a_claim_of(items), DIGITS), 201)


def peer_read(claims: list[list[str]]) -> Step:
    """The same read."""
    return Step("read", got(f"/Claim/{_VALUE}"), 200, values=claims)


def peer_search(numbers: list[list[str]]) -> Step:
    """The same search."""
    path = f"/Claim?identifier={CLAIM_SYSTEM}%7C{_VALUE}"
    return Step("search", got(path), 200, values=numbers)


def _task(document: dict[str, Any]) -> str:
    return posted(f"{FHIR}/Task", document, len(ID))


def posted(path: str, document: Any, value_length: int = len(_VALUE)) -> str:
    """A POST; its length is told for a value of so many letters in the place of the mark."""
    body = document if isinstance(document, str) else json_text.write(document)
    longer = body.count(_VALUE) * (value_length - len(_VALUE))
    size = len(body.encode()) + longer
    kind = "Content-Type: application/fhir+json"
    return f"POST {path} HTTP/1.1\r\n{_HEAD}{kind}\r\nContent-Length: {size}\r\n\r\n{body}"


def got(path: str) -> str:
    """A GET."""
    return f"GET {path} HTTP/1.1\r\n{_HEAD}\r\n"


_HEAD = f"Host: 127.0.0.1\r\nAuthorization: Bearer {_TOKEN}\r\n"

"""R4 lets an extension stand where a value should be: never a fault, whatever element it is.

http://hl7.org/fhir/R4/json.html#primitive
"""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from sqlalchemy import func, select

from app.gateway.installation import Installation
from app.gateway.jobs.worker import Worker
from app.store import tables
from tests.builders import (
    a_claim,
    a_communication,
    a_coverage,
    a_task,
    an_eligibility_request,
    an_input,
    identifier,
)
from tests.wire import Wire

ABSENT = {"extension": [{"url": "http://absent.test/reason", "valueString": "not known"}]}

DOCUMENTS = {
    "Claim": a_claim(billablePeriod={"start": "2026-03-01", "end": "2026-03-01"}),
    "CoverageEligibilityRequest": an_eligibility_request(servicedDate="2026-03-01"),
    "Communication": a_communication(sent="2026-03-01T10:00:00Z"),
    "Coverage": a_coverage(),
    "Task": a_task(
        "poll",
        number="extension-only",
        authoredOn="2026-03-02T09:00:00Z",
        owner={"identifier": identifier("payer", "1")},
        input=[
            an_input("include", valueCode="ClaimResponse"),
            an_input("count", valuePositiveInt=3),
            an_input("period", valuePeriod={"start": "2026-01-01", "end": "2026-12-31"}),
            an_input("origresponse", valueReference={"identifier": identifier("x", "1")}),
        ],
    ),
}


def _variants(document: Any) -> Iterator[dict[str, Any]]:
    """The document once per primitive in it, each time with that one given by extension alone."""
    for path in _primitives(document, ()):
        variant = deepcopy(document)
        holder = variant
        for step in path[:-1]:
            holder = holder[step]
        del holder[path[-1]]
        holder[f"_{path[-1]}"] = deepcopy(ABSENT)
        yield variant


def _primitives(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _primitives(each, (*path, name))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            if isinstance(each, dict):
                yield from _primitives(each, (*path, index))
    elif path[-1] != "resourceType":
        yield path


@pytest.mark.parametrize("type", DOCUMENTS)
def test_no_value_given_by_extension_alone_is_a_fault(
    type: str, wire: Wire, worker: Worker, installation: Installation
) -> None:
    replies = [wire.post(type, variant) for variant in _variants(DOCUMENTS[type])]

    assert [reply.text for reply in replies if reply.status >= 500] == []
    assert any(reply.status < 300 for reply in replies)
    worker.drain()
    with_faults = select(func.count()).where(tables.job.c.fault.is_not(None))
    assert installation.store.read(lambda rows: rows.execute(with_faults).scalar_one()) == 0

"""Valid and invalid bodies, each judged as its line says; no fault, and nothing half stored."""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.fhir.validation import check

FILE = Path(__file__).parents[1] / "fhir_examples" / "validation-probes.jsonl"
PROBES = [json.loads(line) for line in FILE.read_text().splitlines()]
EXPECTED = {"accept": {201}, "refuse": {400}, "either, never 5xx": {201, 400}}
# The probes are of November 2026.
THEN = datetime(2026, 12, 1, tzinfo=UTC)


def body_of(probe):
    text = probe["body"]
    return base64.b64decode(text) if probe["encoding"] == "base64" else text.encode()


def test_there_are_probes_of_every_kind():
    assert len(PROBES) == 51
    assert {probe["expect"] for probe in PROBES} == set(EXPECTED)


@pytest.mark.parametrize("probe", PROBES, ids=[probe["name"] for probe in PROBES])
def test_a_body_is_judged_as_it_should_be(wire, rows, clock, probe):
    clock.now = THEN
    before = rows.counts()

    judged = wire.post(probe["post_to"], body_of(probe))

    assert judged.status in EXPECTED[probe["expect"]]
    if judged.status == 201:
        assert judged.document["resourceType"] == probe["post_to"]
        assert wire.get(judged.reference).text == judged.text
        return
    assert judged.document["resourceType"] == "OperationOutcome"
    assert check(judged.document) == []
    assert {issue["severity"] for issue in judged.document["issue"]} == {"error"}
    assert rows.counts() == before

"""Requests that schemathesis generates from the OpenAPI document, sent to the application.

https://schemathesis.readthedocs.io/
"""

import random
from collections import Counter
from dataclasses import dataclass, field
from itertools import cycle

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.conformance.world import World
from tests.reliability.generation import for_generation
from tests.wire import Wire

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
# So many cases of each operation, half of them right by the schema and half of them wrong.
EACH = 6
REFUSED = range(400, 500)


@pytest.fixture
def world(http, registry, worker, installation):
    """Resources to ask for."""
    issued = registry.submitter(may_enroll=True)
    wire, core = Wire(http, issued.token), Wire(http, registry.payer_client().token)
    world = World(wire, core, worker, installation, issued.client)
    world.fill()
    return world


@pytest.fixture
def document(http):
    """The OpenAPI document."""
    return Wire(http, None).get("openapi.json").document


@dataclass
class Run:
    """Cases sent by a submitter and a payer client in turn, half of them to what is there."""

    world: World
    counts: Counter = field(default_factory=Counter)
    failures: list = field(default_factory=list)

    def send(self, case, label):
        client = random.choice([self.world.wire, self.world.core])
        if "id" in case.path_parameters and random.random() < 0.5:
            known = self.world.references.get(label.split()[1].split("/")[1], "/none")
            case.path_parameters["id"] = known.partition("/")[2]
        response = case.call(headers={"Authorization": f"Bearer {client.token}"})
        has_body = not isinstance(case.body, schemathesis.core.NotSet)
        self.counts["cases"] += 1
        self.counts["bodies"] += has_body
        self.counts["refused bodies"] += has_body and response.status_code in REFUSED
        self.counts[response.status_code] += 1
        try:
            case.validate_response(response, checks=CHECKS)
        except (FailureGroup, schemathesis.core.failures.Failure) as failure:
            told = failure.exceptions if isinstance(failure, FailureGroup) else [failure]
            self.failures.append((label, response.status_code, [str(each)[:500] for each in told]))


def generated(operation, mode, cases, number):
    """Run `send` with cases of one operation."""

    def run(send):
        @seed(number)
        @settings(
            max_examples=cases,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        )
        @given(operation.as_strategy(generation_mode=mode))
        def sent(case):
            send(case, operation.label)

        sent()

    return run


def asked(app, document, world, cases):
    """So many cases at least, of operations by the roll of the dice; then of all of them again."""
    schema = schemathesis.openapi.from_dict(for_generation(document))
    schema.app = app
    operations = [found.ok() for found in schema.get_all_operations()]
    # Those with a body are asked more often: there is more that can be wrong with them.
    with_body = [each for each in operations if len(each.body) > 0]
    drawn = random.sample(operations, len(operations)) + random.sample(with_body, len(with_body))
    random.shuffle(drawn)
    run = Run(world)
    for operation in cycle(drawn):
        for mode in schemathesis.GenerationMode:
            generated(operation, mode, EACH // 2, random.getrandbits(32))(run.send)
        if run.counts["cases"] >= cases:
            return run
    raise AssertionError("there is no operation")


def assert_is_sound(run, cases):
    assert run.failures == []
    assert run.counts["cases"] >= cases
    assert run.counts["refused bodies"] >= 0.3 * run.counts["cases"], run.counts


def test_generated_requests_are_answered_as_documented(app, document, world, figures):
    run = asked(app, document, world, 300)

    figures.update(sorted(run.counts.items(), key=str))
    assert_is_sound(run, 300)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_many_generated_requests_are_answered_as_documented(app, document, world, figures):
    run = asked(app, document, world, 20_000)

    figures.update(sorted(run.counts.items(), key=str))
    assert_is_sound(run, 20_000)


# --- that it would be noticed


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "change",
    [
        lambda read: read["responses"].pop("404"),
        lambda read: read["responses"]["404"].update(
            {"$ref": "#/components/responses/Another", "description": "x"}
        ),
    ],
    ids=["undocumented status", "another content type"],
)
def test_an_answer_that_is_not_documented_is_noticed(app, document, world, change):
    document["paths"] = {"/Claim/{id}": {"get": document["paths"]["/Claim/{id}"]["get"]}}
    another = {"description": "x", "content": {"text/plain": {"schema": {"type": "string"}}}}
    document["components"]["responses"]["Another"] = another
    assert asked(app, document, world, 20).failures == []
    change(document["paths"]["/Claim/{id}"]["get"])

    assert asked(app, document, world, 20).failures != []


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_an_answer_that_breaks_its_schema_is_noticed(app, document, world):
    document["paths"] = {"/metadata": document["paths"]["/metadata"]}
    assert asked(app, document, world, 10).failures == []
    document["components"]["schemas"]["CapabilityStatement"]["properties"].pop("software")

    assert asked(app, document, world, 10).failures != []

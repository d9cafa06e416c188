"""Copies of a decided Claim: they are found, asked about and polled as the original is."""

import json

import pytest

from app import create_app
from app.fhir import json_text
from benchmarks.measuring import cloning
from benchmarks.measuring.queues import refilled
from benchmarks.measuring.requests import an_count
from benchmarks.measuring.servers import new_site
from tests.builders import a_task
from tests.wire import Wire

COPIES = 5


@pytest.fixture
def site(tmp_path, request, cluster):
    url = cluster.create_database() if request.param == "postgresql" else None
    yield new_site(tmp_path / "instance", url, is_encrypted=False)
    if url is not None:
        cluster.drop(url)


def asked(ours, site, nth):
    return Wire(create_app(ours).test_client(), site.tokens[nth])


@pytest.mark.parametrize(
    "site", ["sqlite", pytest.param("postgresql", marks=pytest.mark.soak)], indirect=True
)
def test_a_copy_is_a_claim_like_any_other(site):
    original = cloning.an_original(site)
    cloning.copied(site, original, range(COPIES), range(COPIES), in_one_queue=True)
    counts = refilled(site)

    with site.opened() as ours:
        first = asked(ours, site, 0)
        reads = [first.get(f"Claim/{original.id_of(nth)}") for nth in range(COPIES)]
        numbers = [read.document["identifier"][0]["value"] for read in reads]
        everything = first.get("Claim?_summary=count")
        state = first.task(a_task("status", focus=f"Claim/{original.id_of(COPIES - 1)}"))
        polled = first.task(a_task("poll", inputs=[an_count(100)]))
        bundle = first.get(polled.output("response"))
        of_another = asked(ours, site, 1).get(f"Claim/{original.id_of(0)}")

    assert [read.status for read in reads] == [200] * COPIES
    assert len(set(numbers)) == COPIES
    assert everything.document["total"] == COPIES + 2
    assert state.output("status") == "complete"
    # Two of each Claim: of the copies, and of the two that were decided.
    assert len(bundle.document["entry"]) == original.answers * (COPIES + 2)
    texts = [json_text.write(entry["resource"]) for entry in bundle.document["entry"]]
    answered = {id for id in map(original.id_of, range(COPIES)) if any(id in one for one in texts)}
    assert answered == {original.id_of(nth) for nth in range(COPIES)}
    assert of_another.status == 404
    # What was polled is put back for the next round, and nothing else.
    assert counts[0] == original.answers * (COPIES + 2)
    assert refilled(site) == counts
    assert json.dumps(counts[1:]) == json.dumps([original.answers] * (len(counts) - 1))

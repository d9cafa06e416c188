"""The final account of an installation: every confirmed Claim once, decided once, pended once."""

import time
from collections import Counter, defaultdict
from collections.abc import Collection
from typing import Any

from app.domain.codes import Outcome
from app.domain.lifecycle import State
from app.fhir import json_text
from app.store import tables
from app.store.tables import Delivery
from tests.rows import Rows

_ONCE = Counter({("create", "created"): 1, ("decide", "complete"): 1})


def await_no_jobs(rows: Rows, seconds: float = 180) -> None:
    """Wait until nothing is left to decide, for as long as less is left than `seconds` before."""
    least, deadline = len(rows.of(tables.job)), time.monotonic() + seconds
    while waiting := len(rows.of(tables.job)):
        if waiting < least:
            least, deadline = waiting, time.monotonic() + seconds
        assert time.monotonic() < deadline, f"{waiting} jobs are left"
        # Each look reads every job, and takes its time from whoever decides them.
        time.sleep(0.2)


def assert_each_decided_once(
    claims: Collection[str], rows: Rows, *besides: tuple[str, str]
) -> None:
    """Hold every table that a Claim leaves its trace in against the ids of the confirmed ones.

    `besides` is what else was done once with each, as the audit has it: action and outcome.
    """
    submissions = {row["id"]: row for row in rows.of(tables.submission)}
    assert submissions.keys() == set(claims)
    assert {row["outcome"] for row in submissions.values()} == {Outcome.COMPLETE}
    assert {row["state"] for row in submissions.values()} <= {State.PAYABLE, State.DECIDED}
    assert rows.of(tables.job) == []
    _assert_audited_once(claims, rows, besides)
    _assert_answered_once(submissions, rows)


def _assert_audited_once(
    claims: Collection[str], rows: Rows, besides: Collection[tuple[str, str]]
) -> None:
    audited: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    for row in rows.of(tables.audit, type="Claim"):
        audited[row["resource_id"]][(row["action"], row["outcome"])] += 1
    assert audited == dict.fromkeys(claims, _ONCE + Counter(besides))


def _assert_answered_once(submissions: dict[str, dict[str, Any]], rows: Rows) -> None:
    pended: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for row in rows.of(tables.pended):
        told = (row["type"], row["resource_id"], row["version"], row["state"])
        pended[row["submission_id"]].append(told)
    assert pended == {
        id: [
            ("ClaimResponse", row["response_id"], 2, Delivery.UNDELIVERED),
            ("ExplanationOfBenefit", row["benefit_id"], 1, Delivery.UNDELIVERED),
        ]
        for id, row in submissions.items()
    }
    outcomes: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for (id, version), text in sorted(rows.texts("ClaimResponse").items()):
        outcomes[id].append((version, json_text.parsed(text)["outcome"]))
    expected = [(1, Outcome.QUEUED), (2, Outcome.COMPLETE)]
    assert outcomes == {row["response_id"]: expected for row in submissions.values()}
    explained = {row["id"] for row in rows.of(tables.resource, type="ExplanationOfBenefit")}
    assert explained == {row["benefit_id"] for row in submissions.values()}

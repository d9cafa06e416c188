"""What holds after every step, read from the rows alone and held against the model.

Numbered as the project numbers them. I2 and what `ack` does belong to acknowledged delivery, which
has a test of its schedules: its place here is `_acknowledged`.
"""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from app.domain.canonical import PLAN
from app.fhir import json_text
from app.store.bodies import decoded
from tests.reliability.model.acting import Acting
from tests.reliability.model.books import books_balance
from tests.reliability.model.ledgers import SUMS
from tests.reliability.model.table import FINISHED, UNDECIDED
from tests.rows import texts_of

_PRE_DECIDED = UNDECIDED | FINISHED
_BORNE = ("deductible", "copay", "coinsurance")
GENERAL = f"{PLAN}|general"


def hold(acting: Acting) -> None:
    """Every invariant."""
    _each_confirmed_claim_is_there_once(acting)
    _answers_stand_as_they_should(acting)
    _acknowledged(acting)
    _one_key_one_task(acting)
    _cancelled_stays_cancelled(acting)
    _nothing_of_the_nullified_is_left(acting)
    _ledgers_balance(acting)
    _one_response_is_in_force(acting)
    _each_decision_is_kept_with_its_inputs(acting)
    _counters_are_those_of_the_decisions(acting)
    _only_what_is_awaited_is_asked(acting)
    books_balance(acting.rows, acting.model, acting.world.clients)


def _each_confirmed_claim_is_there_once(acting: Acting) -> None:
    """I1, and where each stands."""
    found = [row for row in acting.rows["submission"] if row["type"] == "Claim"]
    clients = acting.world.clients
    assert {row["id"]: (row["state"], row["submitter_id"], row["awaiting"]) for row in found} == {
        claim["id"]: (claim["state"], clients[claim["sender"]], claim["awaiting"])
        for claim in acting.model.claims.values()
    }
    kept = {row["id"] for row in acting.rows["resource"] if row["type"] == "Claim"}
    assert kept == acting.model.claims.keys()
    sent = [row for row in acting.rows["submission"] if row["type"] == "Communication"]
    assert {row["id"]: (row["state"], row["is_used"], row["about_id"]) for row in sent} == {
        id: (each["state"], each["is_used"], each["claim"])
        for id, each in acting.model.communications.items()
    }


def _answers_stand_as_they_should(acting: Acting) -> None:
    """I3 and I4 (each delivered once, or ended, or still to be had), I5 (whose), I6 (order)."""
    clients = acting.world.clients
    names = ("type", "resource_id", "version", "submission_id", "submitter_id", "state")
    stand = [tuple(row[name] for name in names) for row in acting.rows["pended"]]
    should = [
        (i["type"], i["id"], i["version"], i["claim"], clients[i["sender"]], i["state"])
        for i in acting.model.pended
    ]
    assert stand == should, [pair for pair in zip(stand, should, strict=True) if len({*pair}) > 1]
    versions = {(r["type"], r["id"], r["version"]) for r in acting.rows["resource_version"]}
    for item in acting.model.pended:
        is_there = (item["type"], item["id"], item["version"]) in versions
        # A Task outlives what it was about, and tells no more of it.
        assert is_there or item["state"] == "purged", item
    own = {(r["type"], r["id"]): r["submitter_id"] for r in acting.rows["resource"]}
    for row in acting.rows["handed_over"]:
        assert row["submitter_id"] == own[(row["type"], row["resource_id"])]
        assert row["submitter_id"] == own[("Task", row["task_id"])]


def _acknowledged(acting: Acting) -> None:
    """I2: what is lent is lent once at a time. Nobody here has acknowledged delivery."""
    assert {row["leases"] for row in acting.rows["pended"]} <= {0}


def _one_key_one_task(acting: Acting) -> None:
    """I7, and each Task stands as it was answered."""
    assert {row["id"]: row["status"] for row in acting.rows["task"]} == {
        id: task["status"] for id, task in acting.model.tasks.items()
    }
    running = {row["submission_id"]: row["task_id"] for row in acting.rows["reissue"]}
    claims = acting.model.claims.values()
    assert running == {each["id"]: each["running"] for each in claims if each["running"]}


def _cancelled_stays_cancelled(acting: Acting) -> None:
    """I8: in the order of the audit no decision follows a cancel or a nullify."""
    ended: set[str] = set()
    for row in acting.rows["audit"]:
        if row["action"] == "decide":
            assert row["resource_id"] not in ended
        if row["action"] in {"cancel", "nullify"} and row["outcome"] == "completed":
            ended.add(row["resource_id"])
    waiting = {row["submission_id"] for row in acting.rows["job"] if row["kind"] == "adjudicate"}
    live = {c["id"] for c in acting.model.claims.values() if c["due"] is not None}
    assert waiting == live


def _nothing_of_the_nullified_is_left(acting: Acting) -> None:
    """I9: the word of a nullified Claim is in no row of any table, and it is read by no route."""
    gone = [each for each in acting.model.claims.values() if each["state"] == "nullified"]
    if not gone:
        return
    everything = "\n".join(_texts(acting))
    for claim in gone:
        assert claim["marker"] not in everything, claim["marker"]
    sweeps = {r["submission_id"] for r in acting.rows["job"] if r["kind"] == "verify-purge"}
    assert sweeps == {claim["id"] for claim in gone if claim["verify"] is not None}
    newest = gone[-1]
    for path in (f"Claim/{newest['id']}", f"Claim/{newest['id']}/_history/1"):
        assert acting.world.read(newest["sender"], path).status == 410


def _texts(acting: Acting) -> Iterator[str]:
    for rows in acting.rows.values():
        for row in rows:
            yield from texts_of(row)


def _ledgers_balance(acting: Acting) -> None:
    """I10: the sums of each reservation, its entries, and what they ought to be are one."""
    ledgers = acting.model.ledgers
    sums: dict[str, dict[tuple[str, str], dict[str, int]]] = {
        row["submission_id"]: {} for row in acting.rows["reservation"]
    }
    for row in acting.rows["reservation_line"]:
        spent = row["consumed"] - row["restored"] + row["released"] + row["expired"]
        assert row["reserved"] == spent + row["open"]
        part = (row["line"], str(row["measure"]))
        sums[row["submission_id"]][part] = {name: row[name] for name in SUMS}
    assert sums == ledgers.sums
    closed = {row["submission_id"] for row in acting.rows["reservation"] if row["closed_at"]}
    assert closed == ledgers.closed
    names = ("submission_id", "line", "measure", "kind", "amount", "claim_id", "claim_line")
    entered = [tuple(row[name] for name in names) for row in acting.rows["reservation_entry"]]
    assert entered == ledgers.moves


def _one_response_is_in_force(acting: Acting) -> None:
    """At the most one decision counts for a Claim; none for one that was cancelled."""
    in_force: Counter[str] = Counter()
    for row in _current(acting, "ClaimResponse"):
        is_reversal = row["disposition"].startswith("Reverses ")
        if (row["status"], row["outcome"]) == ("active", "complete") and not is_reversal:
            in_force[row["request"]["reference"].split("/")[1]] += 1
    assert in_force == {
        claim["id"]: 1
        for claim in acting.model.claims.values()
        if claim["is_decided"] and claim["state"] in _PRE_DECIDED
    }


def _each_decision_is_kept_with_its_inputs(acting: Acting) -> None:
    """One row for each decision ever made on a Claim, from 1, but for the nullified."""
    made: Counter[str] = Counter()
    gone = {each["id"] for each in acting.model.claims.values() if each["state"] == "nullified"}
    for row in acting.rows["audit"]:
        if row["action"] == "decide" and row["resource_id"] not in gone:
            made[row["resource_id"]] += 1
    kept = [(row["claim_id"], row["number"]) for row in acting.rows["decision"]]
    assert sorted(kept) == sorted(
        (claim, number) for claim, count in made.items() for number in range(1, count + 1)
    )
    # Emptied is only what held a Claim that was nullified: a preauthorization that was quoted.
    assert gone or None not in {row["inputs"] for row in acting.rows["decision"]}


def _counters_are_those_of_the_decisions(acting: Acting) -> None:
    """Every counter of money is what the decisions in force come to."""
    used: Counter[tuple[str, str, str]] = Counter()
    for row in acting.rows["counter_entry"]:
        if row["kind"] not in {"visit", "copay"}:
            used[(row["holder"], row["kind"], row["category"])] += row["amount"]
    ought: Counter[tuple[str, str, str]] = Counter()
    members = {member.number: member for member in acting.world.members}
    for claim in acting.model.claims.values():
        counts = claim["use"] == "claim" and claim["is_decided"] and claim["is_member"]
        if counts and claim["state"] in _PRE_DECIDED:
            _count(claim, members[claim["member"]], ought)
    assert {key: amount for key, amount in used.items() if amount} == {
        key: amount for key, amount in ought.items() if amount
    }


def _count(claim: dict[str, Any], member: Any, ought: Counter[tuple[str, str, str]]) -> None:
    totals = {
        total["category"]["coding"][0]["code"]: Decimal(total["amount"]["value"])
        for total in claim["response"]["total"]
    }
    borne = [totals.get(part, Decimal(0)) for part in _BORNE]
    for kind, amount in (("deductible", borne[0]), ("out-of-pocket", sum(borne))):
        ought[(member.own, f"{kind}-individual", "")] += amount
        ought[(member.family, f"{kind}-family", "")] += amount
    ought[(member.own, "benefit", "")] += totals["benefit"]
    # In its category a benefit counts for the year and for the lifetime.
    ought[(member.own, "benefit", GENERAL)] += 2 * totals["benefit"]


def _only_what_is_awaited_is_asked(acting: Acting) -> None:
    """A question is open for as long as its answer is waited for, and there is one at a time."""
    open_: Counter[str] = Counter()
    for document in _current(acting, "CommunicationRequest"):
        if document["status"] == "active":
            open_[document["about"][0]["reference"].split("/")[1]] += 1
    assert open_ == {claim["id"]: 1 for claim in acting.model.claims.values() if claim["is_asked"]}


def _current(acting: Acting, type: str) -> list[dict[str, Any]]:
    """The current version of every resource of a type."""
    current = {r["id"]: r["version"] for r in acting.rows["resource"] if r["type"] == type}
    return [
        json_text.parsed(decoded(row["body_format"], row["key_id"], row["body"]))
        for row in acting.rows["resource_version"]
        if row["type"] == type and current[row["id"]] == row["version"]
    ]

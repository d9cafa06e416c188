"""What became of each Claim, told by the audit, and held against every row that it left."""

from collections import Counter, defaultdict
from dataclasses import InitVar, dataclass, field
from typing import Any

from app.domain.codes import TaskCode, TaskStatus
from app.domain.lifecycle import State
from app.fhir import json_text
from app.store import tables
from app.store.tables import Delivery, Entry, Measure
from tests.rows import Rows
from tests.store.terms import SUMS, money

# From where which effect leads; what leads nowhere must not be in any story.
_PATHS = {
    ("", "create"): "queued",
    ("queued", "decide"): "decided",
    ("decided", "reprocess"): "reopened",
    ("reopened", "reprocess"): "reopened",
    ("reopened", "decide"): "decided",
    **{(state, "cancel"): "cancelled" for state in ("queued", "decided", "reopened")},
    **{(state, "nullify"): "nullified" for state in ("queued", "decided", "reopened", "cancelled")},
    ("nullified", "verify-purge"): "verified",
}
_ENDS = {
    State.DECIDED: "decided",
    State.PAYABLE: "decided",
    State.CANCELLED: "cancelled",
    State.NULLIFIED: "verified",
}
_IN_FORCE = {State.DECIDED, State.PAYABLE}


@dataclass
class Stories:
    """All rows, read once, and the story of each Claim as the audit has it."""

    rows: InitVar[Rows]
    claims: dict[str, dict[str, Any]] = field(init=False)
    effects: dict[str, list[str]] = field(init=False)
    reprocesses: dict[str, Counter[str]] = field(init=False)
    in_force: dict[str, dict[str, Any]] = field(init=False)

    def __post_init__(self, rows: Rows) -> None:
        """Read them."""
        self.claims = {row["id"]: row for row in rows.of(tables.submission, type="Claim")}
        self.effects, self.reprocesses = defaultdict(list), defaultdict(Counter)
        for row in rows.of(tables.audit, type="Claim"):
            self.effects[row["resource_id"]].append(row["action"])
        for row in rows.of(tables.task, code=TaskCode.REPROCESS, focus_type="Claim"):
            self.reprocesses[row["focus_id"]][row["status"]] += 1
        self.in_force = _responses_in_force(rows)
        self._pended = Counter(
            (row["submission_id"], row["state"])
            for row in rows.of(tables.pended)
            # A Task that is answered tells nothing of what is gone.
            if row["type"] != "Task"
        )
        self._versions = {(r["type"], r["id"]) for r in rows.of(tables.resource_version)}
        self._gone = {row["id"] for row in rows.of(tables.tombstone, type="Claim")}

    def of(self, id: str) -> str:
        """The story of one Claim; anything that is none fails."""
        effects, row = self.effects[id], self.claims[id]
        state = ""
        for effect in effects:
            assert (state, effect) in _PATHS, (id, effects)
            state = _PATHS[(state, effect)]
        assert _ENDS[row["state"]] == state, (id, effects, row["state"])
        self._assert_reprocesses_ended(id)
        if state == "verified":
            self._assert_nothing_is_left(id)
        else:
            assert (id in self.in_force) == (row["state"] in _IN_FORCE), (id, effects)
            assert ("Claim", id) in self._versions
        return f"{'reprocessed, ' * (effects.count('decide') > 1)}{state}"

    def _assert_reprocesses_ended(self, id: str) -> None:
        """Each that began was done, or gave way; a decision more for each that was done."""
        begun = self.effects[id].count("reprocess")
        ended = self.reprocesses[id]
        assert ended[TaskStatus.COMPLETED] + ended[TaskStatus.CANCELLED] == begun, (id, ended)
        assert ended.total() == begun, (id, ended)
        first = min(self.effects[id].count("decide"), 1)
        assert self.effects[id].count("decide") - first == ended[TaskStatus.COMPLETED], (id, ended)

    def _assert_nothing_is_left(self, id: str) -> None:
        assert id in self._gone
        assert ("Claim", id) not in self._versions
        assert id not in self.in_force
        states = {state for submission, state in self._pended if submission == id}
        assert states <= {Delivery.PURGED}, (id, states)


def assert_ledgers_agree(rows: Rows, stories: Stories) -> Counter[str]:
    """The sums are those of the entries; only what is in force holds any. What was seen."""
    seen: Counter[str] = Counter()
    entered: dict[str, Counter[Entry]] = defaultdict(Counter)
    held: Counter[tuple[str, str]] = Counter()
    for entry in rows.of(tables.reservation_entry, measure=Measure.AMOUNT):
        entered[entry["submission_id"]][entry["kind"]] += entry["amount"]
        if entry["claim_id"] is not None:
            sign = 1 if entry["kind"] is Entry.CONSUME else -1
            held[(entry["submission_id"], entry["claim_id"])] += sign * entry["amount"]
    for (_, claim), amount in held.items():
        is_in_force = stories.claims[claim]["state"] in _IN_FORCE
        benefit = _benefit(stories.in_force[claim]) if is_in_force else 0
        assert 0 <= amount <= benefit, (claim, amount, benefit)
    for row in _totals(rows):
        id, sums = row["submission_id"], entered[row["submission_id"]]
        assert [row["reserved"], row["consumed"], row["restored"], row["released"]] == [
            sums[kind] for kind in (Entry.RESERVE, Entry.CONSUME, Entry.RESTORE, Entry.RELEASE)
        ]
        used = sum(amount for (holder, _), amount in held.items() if holder == id)
        assert row["consumed"] - row["restored"] == used
        assert row["reserved"] == used + row["released"] + row["expired"] + row["open"]
        if stories.claims[id]["state"] in _IN_FORCE:
            # What is used stays used, also where the benefit was decided lower since.
            assert row["open"] + used >= _benefit(stories.in_force[id])
            seen["in force, used" if used else "in force, not used"] += 1
        else:
            assert (used, row["open"]) == (0, 0), (id, row)
            seen["given up"] += 1
    return seen


def _totals(rows: Rows) -> list[dict[str, Any]]:
    """The money of each reservation, all its lines together."""
    lines = rows.of(tables.reservation_line)
    return [
        {"submission_id": id, **dict.fromkeys(SUMS, 0)}
        | money([line for line in lines if line["submission_id"] == id])
        for id in sorted(row["submission_id"] for row in rows.of(tables.reservation))
    ]


def _responses_in_force(rows: Rows) -> dict[str, dict[str, Any]]:
    """The one ClaimResponse that counts, by Claim."""
    current = {r["id"]: r["version"] for r in rows.of(tables.resource, type="ClaimResponse")}
    found: dict[str, dict[str, Any]] = {}
    for (id, version), text in rows.texts("ClaimResponse").items():
        if current[id] != version:
            continue
        document = json_text.parsed(text)
        is_reversal = document["disposition"].startswith("Reverses ")
        if (document["status"], document["outcome"]) == ("active", "complete") and not is_reversal:
            claim = document["request"]["reference"].split("/")[1]
            assert claim not in found, f"two responses are in force for {claim}"
            found[claim] = document
    return found


def _benefit(response: dict[str, Any]) -> int:
    """In minor units."""
    totals = (
        total["amount"]["value"]
        for total in response["total"]
        if total["category"]["coding"][0]["code"] == "benefit"
    )
    return int(next(totals) * 100)

"""The machine: what submitters, the worker, the clock and misfortune may do next."""

from collections import Counter
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.builders import NOW, an_input
from tests.reliability.model import documents, invariants
from tests.reliability.model.acting import Acting
from tests.reliability.model.decisions import MANNERS
from tests.reliability.model.documents import ASKED_ABOUT, PLAIN
from tests.reliability.model.model import Claim, Model
from tests.reliability.model.table import CODES
from tests.reliability.model.world import SENDERS, STRANGER, World

MEMBERS = ("M0-0", "M0-1", STRANGER)
# Some of them are less than the deductible, which is 300.00.
PRICES = ("450.00", "80.00", "700.00")
ENDS = ("2026-04-15", "2026-03-03")
FILTERS: tuple[tuple[str, str] | None, ...] = (
    None,
    ("include", "ClaimResponse"),
    ("include", "Task"),
    ("exclude", "ClaimResponse"),
)
TYPES = ("ClaimResponse", "ExplanationOfBenefit", "CommunicationRequest", "Task")
# Keys of Tasks and Claims are kept longer than this: a machine never lives to see them lapse.
_DAYS_AT_MOST = 200

senders = st.sampled_from((SENDERS[0], SENDERS[0], SENDERS[1]))
uses = st.sampled_from(("claim", "preauthorization", "predetermination"))
members = st.sampled_from((*MEMBERS[:2], *MEMBERS))
lines = st.lists(
    st.tuples(st.sampled_from(PRICES), st.sampled_from((PLAIN, PLAIN, PLAIN, ASKED_ABOUT))),
    min_size=1,
    max_size=3,
)
# Which Claim, counted from the newest.
claims = st.integers(0, 5)
kinds = st.sampled_from(("valid", "valid", "valid", "valid", "stat", "invalid"))
codes = st.sampled_from(CODES)


Lines = list[tuple[str, str]]
_VALID = {"is_stat": False, "is_valid": True}


def a_claim(sender: str, use: str, lines: Lines, member: str, ends: str) -> Claim:
    """What is to be sent, as the model knows it; `ends` counts for a preauthorization."""
    return _VALID | {
        "sender": sender,
        "use": use,
        "member": member,
        "prices": [price for price, _ in lines],
        "services": [service for _, service in lines],
        "quotes": None,
        "ends": ends,
    }


class Machine(RuleBasedStateMachine):
    """Acts at random; the model says what must come of it."""

    def __init__(self, url: str, figures: Counter[str], model: Model) -> None:
        super().__init__()
        self.world = World(url, figures)
        self.model = model
        self.acting = Acting(self.world, self.model)

    def teardown(self) -> None:
        """The end of one life."""
        self.world.close()

    @initialize(use=uses, lines=lines, member=members, ends=st.sampled_from(ENDS))
    def begin(self, use: str, lines: Lines, member: str, ends: str) -> None:
        """A first Claim, so that there is something to act on."""
        self._submit(a_claim(SENDERS[0], use, lines, member, ends))
        self.acting.drain()

    @rule(sender=senders, use=uses, lines=lines, member=members, kind=kinds)
    def submit(self, sender: str, use: str, lines: Lines, member: str, kind: str) -> None:
        """A new Claim of any use."""
        claim = a_claim(sender, use, lines, member, ENDS[0])
        self._submit(claim | {"is_stat": kind == "stat", "is_valid": kind != "invalid"})

    @rule(at=st.integers(0, 2), lines=lines, is_other=st.sampled_from((False, False, False, True)))
    @precondition(lambda self: self._preauthorizations())
    def submit_quoting(self, at: int, lines: Lines, is_other: bool) -> None:
        """A Claim that quotes a preauthorization, perhaps one that does not hold for it."""
        found = self._preauthorizations()
        quoted = found[-1 - at % len(found)]
        member = MEMBERS[0] if is_other else quoted["member"]
        sender = SENDERS[1] if is_other else quoted["sender"]
        claim = a_claim(sender, "claim", lines, member, ENDS[0])
        self._submit(claim | {"quotes": quoted["id"]})

    @rule(at=claims)
    @precondition(lambda self: self.model.claims)
    def submit_again(self, at: int) -> None:
        """Exactly the same Claim once more."""
        claim = self._claim(at)
        self.acting.submit(dict(claim), claim["document"])

    @rule(at=claims)
    @precondition(lambda self: self.model.claims)
    def submit_other_content(self, at: int) -> None:
        """Another Claim under the same identifier."""
        claim = self._claim(at)
        same = ("sender", "use", "number", "member", "prices", "services", "quotes", "ends")
        self._submit(_VALID | {name: claim[name] for name in same})

    @rule(manner=st.sampled_from(("standard", *MANNERS)))
    def decide(self, manner: str) -> None:
        """The worker works off what is due."""
        self.acting.drain(manner)

    @rule(code=codes)
    @precondition(lambda self: self.model.undecided(self.world.clock.now))
    def decide_late(self, code: str) -> None:
        """The worker works off what is due, and a Task comes in while the first is thought about."""
        self.acting.drain_late(lambda claim: self._op(code, claim))

    @rule(code=codes, at=claims, by_number=st.booleans())
    @precondition(lambda self: self.model.claims)
    def task(self, code: str, at: int, by_number: bool) -> None:
        """A Task about a Claim."""
        self.acting.task(self._op(code, self._claim(at), by_number=by_number))

    @rule(at=claims, code=st.sampled_from(("reprocess", "release", "deliver")))
    @precondition(lambda self: self.model.claims)
    def task_that_ends_nothing(self, at: int, code: str) -> None:
        """A Task after which more can happen to the Claim."""
        self.acting.task(self._op(code, self._claim(at)))

    @rule(at=claims, which=st.sampled_from(("first", "last", "unknown")), stat=st.booleans())
    @precondition(lambda self: self.model.claims)
    def reprocess_lines(self, at: int, which: str, stat: bool) -> None:
        """Decide some lines again, perhaps while the sender waits."""
        claim = self._claim(at)
        last = len(claim["services"])
        line = {"first": 1, "last": last, "unknown": last + 1}[which]
        if stat:
            self.world.disarm()
        self.acting.task(self._op("reprocess", claim, lines=[line], is_stat=stat))

    @rule(sender=senders, filter=st.sampled_from(FILTERS), count=st.sampled_from((None, 1, 3, 100)))
    def poll(self, sender: str, filter: tuple[str, str] | None, count: int | None) -> None:
        """Whatever is there, oldest first."""
        self.acting.task(self._poll(sender, None, filter, count))

    @rule(at=claims, filter=st.sampled_from(FILTERS), count=st.sampled_from((None, 3)))
    @precondition(lambda self: self.model.claims)
    def poll_for(self, at: int, filter: tuple[str, str] | None, count: int | None) -> None:
        """Answers to one Claim."""
        claim = self._claim(at)
        self.acting.task(self._poll(claim["sender"], claim, filter, count))

    @rule(code=codes, at=claims)
    @precondition(lambda self: self.model.claims)
    def ask_about_a_stranger(self, code: str, at: int) -> None:
        """A Task about the Claim of the other submitter."""
        claim = self._claim(at)
        [other] = set(SENDERS) - {claim["sender"]}
        self.acting.task(self._op(code, claim, sender=other))

    @rule(code=codes, at=claims)
    @precondition(lambda self: self.model.claims)
    def rehearse(self, code: str, at: int) -> None:
        """Only try a Task."""
        self.acting.rehearse(self._op(code, self._claim(at)))

    @rule(at=st.integers(0, 9))
    @precondition(lambda self: self._repeatable())
    def task_again(self, at: int) -> None:
        """Exactly the same Task once more."""
        tasks = self._repeatable()
        self.acting.task(tasks[-1 - at % len(tasks)])

    @rule()
    @precondition(lambda self: STRANGER not in self.acting.known)
    def enrol_the_stranger(self) -> None:
        """The payer comes to know a member: Claims that wait for that go on."""
        self.world.enrol_the_stranger()
        self.acting.known.add(STRANGER)
        for claim in self.model.claims.values():
            if claim["awaiting"] == "coverage":
                claim["due"] = min(claim["due"], self.world.clock.now)
        self.acting.account()

    @rule(by=st.sampled_from(({"hours": 3}, {"days": 1}, {"days": 8}, {"days": 31})))
    @precondition(lambda self: (self.world.clock.now - NOW).days < _DAYS_AT_MOST)
    def wait(self, by: dict[str, float]) -> None:
        """Time goes by."""
        self.world.clock.forward(**by)

    @rule(points=st.integers(0, 60), lets_leases_lapse=st.booleans())
    def be_fragile(self, points: int, lets_leases_lapse: bool) -> None:
        """What is done next dies on its way, and is asked for again once the process is back."""
        self.world.arm(points, lets_leases_lapse=lets_leases_lapse)

    @invariant()
    def holds(self) -> None:
        """Everything that must hold after each step."""
        invariants.hold(self.acting)

    def _claim(self, at: int) -> Claim:
        found = list(self.model.claims.values())
        return found[-1 - at % len(found)]

    def _preauthorizations(self) -> list[Claim]:
        return [c for c in self.model.claims.values() if c["use"] == "preauthorization"]

    def _submit(self, claim: Claim) -> None:
        claim |= {"marker": self.acting.number(), "named": []}
        claim.setdefault("number", self.acting.number())
        self.acting.submit(
            claim,
            documents.claim(
                claim["use"],
                claim["number"],
                claim["marker"],
                claim["sender"],
                member=claim["member"],
                prices=claim["prices"],
                services=claim["services"],
                is_stat=claim["is_stat"],
                is_valid=claim["is_valid"],
                quoted=claim["quotes"],
                ends=claim["ends"] if claim["use"] == "preauthorization" else None,
            ),
        )

    def _op(
        self,
        code: str,
        claim: Claim,
        *,
        sender: str | None = None,
        by_number: bool = False,
        lines: tuple[int, ...] | list[int] = (),
        is_stat: bool = False,
    ) -> dict[str, Any]:
        """A Task about a Claim, with a word of it unless it is gone."""
        number = self.acting.number()
        own = sender or claim["sender"]
        # What is gone, or a stranger's, nobody who asks knows a word of.
        is_known = claim["state"] != "nullified" and own == claim["sender"]
        marker = claim["marker"] if is_known else None
        alone = [c for c in self.model.claims.values() if c["number"] == claim["number"]] == [claim]
        by_number = by_number and alone and code != "deliver"
        focus = documents.by_number(claim["number"]) if by_number else f"Claim/{claim['id']}"
        op: dict[str, Any] = {"code": code, "sender": own, "claim": claim["id"]}
        op |= {"lines": list(lines), "is_stat": is_stat, "is_by_number": by_number}
        op |= {"types": None, "count": None}
        inputs = [an_input("item", valuePositiveInt=line) for line in lines]
        elements: dict[str, Any] = {"priority": "stat"} if is_stat else {}
        if code == "deliver":
            about = [{"reference": f"Claim/{claim['id']}"}]
            attachment = documents.communication(number, marker or "nobody", own, about=about)
            given, inside = documents.contained(attachment)
            inputs, focus, elements = [given], None, {"contained": [inside]}
            op["attachment"] = attachment
        op["document"] = documents.task(code, number, focus, *inputs, marker=marker, **elements)
        return op

    def _poll(
        self, sender: str, claim: Claim | None, filter: tuple[str, str] | None, count: int | None
    ) -> dict[str, Any]:
        inputs = [] if filter is None else [an_input(filter[0], valueCode=filter[1])]
        types = None
        if filter is not None:
            types = {filter[1]} if filter[0] == "include" else set(TYPES) - {filter[1]}
        if count is not None:
            inputs.append(an_input("count", valuePositiveInt=count))
        focus = None if claim is None else f"Claim/{claim['id']}"
        document = documents.task("poll", self.acting.number(), focus, *inputs)
        id = None if claim is None else claim["id"]
        return {
            "code": "poll",
            "sender": sender,
            "claim": id,
            "types": types,
            "count": count,
            "document": document,
        }

    def _repeatable(self) -> list[dict[str, Any]]:
        """Tasks that may be sent again: what tells of something gone would bring it back."""
        gone = {c["id"] for c in self.model.claims.values() if c["state"] == "nullified"}
        return [
            task
            for task in self.model.tasks.values()
            if task["document"] is not None and (task["has_key"] or task["claim"] not in gone)
        ]

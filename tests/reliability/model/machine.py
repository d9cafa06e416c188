"""The machine: what submitters, the worker, the clock and misfortune may do next."""

from collections import Counter
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.builders import NOW
from tests.reliability.model import asked, invariants
from tests.reliability.model.acting import Acting
from tests.reliability.model.asked import Filter, Op
from tests.reliability.model.drawn import (
    DAYS_AT_MOST,
    ENDS,
    FILTERS,
    MEMBERS,
    MOST_FAILURES,
    VALID,
    Lines,
    a_claim,
    claims,
    codes,
    followers,
    granted,
    kinds,
    lasts,
    lines,
    manners,
    members,
    points,
    senders,
    uses,
)
from tests.reliability.model.model import Claim, Model
from tests.reliability.model.table import CODES
from tests.reliability.model.world import SENDERS, STRANGER, World


class Machine(RuleBasedStateMachine):
    """Acts at random; the model says what must come of it."""

    def __init__(self, url: str, figures: Counter[str], model: Model) -> None:
        super().__init__()
        self.world = World(url, figures)
        self.model = model
        self.acting = Acting(self.world, self.model)
        self.failures = 0

    def teardown(self) -> None:
        """The end of one life."""
        self.world.close()

    @initialize(first=uses, then=followers, lines=granted, member=members, is_paid=st.booleans())
    def begin(self, first: str, then: str | None, lines: Lines, member: str, is_paid: bool) -> None:
        """A Claim or two that are decided, perhaps paid, so that there is something to act on."""
        self._submit(a_claim(SENDERS[0], first, lines, member, ENDS[0]))
        self.acting.drain()
        if then is not None:
            quoted = {"quotes": self._claim(0)["id"]} if first == "preauthorization" else {}
            self._submit(a_claim(SENDERS[0], then, lines, member, ENDS[1]) | quoted)
            self.acting.drain()
        if is_paid:
            self.acting.pay()

    @rule(sender=senders, use=uses, lines=lines, member=members, kind=kinds, ends=lasts)
    def submit(
        self, sender: str, use: str, lines: Lines, member: str, kind: str, ends: str
    ) -> None:
        """A new Claim of any use."""
        claim = a_claim(sender, use, lines, member, ends)
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
        self._submit(VALID | {name: claim[name] for name in same})

    @rule(manner=manners, points=points)
    def decide(self, manner: str, points: int | None) -> None:
        """The worker works off what is due, and may die over it."""
        if points is not None:
            self.world.arm(points, lets_leases_lapse=points % 2 == 0)
        self.failures += manner == "fails"
        # A job that fails again and again would be abandoned: that is another test's.
        self.acting.drain(manner if self.failures < MOST_FAILURES else "standard")

    @rule(points=points)
    @precondition(lambda self: self.model.payables.entered)
    def pay(self, points: int | None) -> None:
        """Whatever is owed is paid, and the payer may die over it."""
        if points is not None:
            self.world.arm(points, lets_leases_lapse=points % 2 == 0)
        self.acting.pay()

    @rule(code=st.sampled_from(("cancel", "reprocess")))
    @precondition(lambda self: self._paid())
    def take_back(self, code: str) -> None:
        """What was paid is cancelled, or decided again; then there is another run."""
        self.acting.task(self._about(code, self._paid()[-1]))
        self.acting.drain()
        self.acting.pay()

    @rule(days=st.sampled_from((2, 31)), points=points)
    @precondition(lambda self: (self.world.clock.now - NOW).days < DAYS_AT_MOST)
    def decide_days_later(self, days: int, points: int | None) -> None:
        """Nights go by, and what they end is worked off."""
        self.world.clock.forward(days=days)
        self.decide("standard", points)

    @rule(code=st.sampled_from(("cancel", "nullify", "reprocess", "deliver", "poll")))
    @precondition(lambda self: self.model.undecided(self.world.clock.now))
    def decide_late(self, code: str) -> None:
        """The worker works off what is due; Tasks come in while it thinks about the first."""
        self.acting.drain_late(
            lambda claim: (self._each_about(claim), self._about(code, claim)),
        )

    @rule(code=codes, at=claims, by_number=st.booleans())
    @precondition(lambda self: self.model.claims)
    def task(self, code: str, at: int, by_number: bool) -> None:
        """A Task about a Claim."""
        claim = self._claim(at)
        # Several may go by one number, and a Communication does not name what it is about by it.
        others = [each for each in self.model.claims.values() if each["number"] == claim["number"]]
        by_number = by_number and others == [claim] and code != "deliver"
        self.acting.task(self._about(code, claim, by_number=by_number))

    @rule(at=claims, code=st.sampled_from(("reprocess", "release", "deliver")), then=codes)
    @precondition(lambda self: self.model.claims)
    def task_that_ends_nothing(self, at: int, code: str, then: str) -> None:
        """A Task after which more can happen to the Claim; then another is tried on it."""
        self.acting.task(self._about(code, self._claim(at)))
        self.acting.rehearse([self._about(then, self._claim(at))])

    @rule(at=claims, code=st.sampled_from(("cancel", "nullify")), then=codes)
    @precondition(lambda self: self.model.claims)
    def task_that_ends(self, at: int, code: str, then: str) -> None:
        """A Task after which little can happen to the Claim; then another is tried on it."""
        self.acting.task(self._about(code, self._claim(at)))
        self.acting.rehearse([self._about(then, self._claim(at))])

    @rule(code=st.sampled_from(("reprocess", "reprocess", "release", "cancel")))
    @precondition(lambda self: self._used())
    def task_about_what_is_used(self, code: str) -> None:
        """A Task about a preauthorization that Claims use; then each code is tried on it."""
        claim = self._used()[-1]
        self.acting.task(self._about(code, claim))
        self.acting.rehearse(self._each_about(claim))

    @rule(at=claims, which=st.sampled_from(("first", "last", "unknown")), stat=st.booleans())
    @precondition(lambda self: self.model.claims)
    def reprocess_lines(self, at: int, which: str, stat: bool) -> None:
        """Decide some lines again, perhaps while the sender waits."""
        claim = self._claim(at)
        last = len(claim["services"])
        line = {"first": 1, "last": last, "unknown": last + 1}[which]
        self.acting.task(self._about("reprocess", claim, lines=[line], is_stat=stat))

    @rule(sender=senders, types=st.sampled_from(FILTERS), count=st.sampled_from((None, 1, 3, 100)))
    def poll(self, sender: str, types: Filter, count: int | None) -> None:
        """Whatever is there, oldest first."""
        self.acting.task(asked.poll(sender, self.acting.number(), types, count))

    @rule(at=claims, types=st.sampled_from(FILTERS), count=st.sampled_from((None, 3)))
    @precondition(lambda self: self.model.claims)
    def poll_for(self, at: int, types: Filter, count: int | None) -> None:
        """Answers to one Claim."""
        claim = self._claim(at)
        self.acting.task(asked.poll(claim["sender"], self.acting.number(), types, count, claim))

    @rule(code=codes, at=claims)
    @precondition(lambda self: self.model.claims)
    def ask_about_a_stranger(self, code: str, at: int) -> None:
        """A Task about the Claim of the other submitter."""
        claim = self._claim(at)
        [other] = set(SENDERS) - {claim["sender"]}
        self.acting.task(self._about(code, claim, sender=other))

    @rule(at=claims)
    @precondition(lambda self: self.model.claims)
    def rehearse(self, at: int) -> None:
        """Only try each Task code on a Claim."""
        self.acting.rehearse(self._each_about(self._claim(at)))

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

    @rule(by=st.sampled_from(({"hours": 3}, {"days": 1}, {"days": 8})))
    @precondition(lambda self: (self.world.clock.now - NOW).days < DAYS_AT_MOST)
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

    def _paid(self) -> list[Claim]:
        return [each for each in self.model.claims.values() if each["state"] == "paid"]

    def _used(self) -> list[Claim]:
        return [each for each in self._preauthorizations() if self.model.ledgers.used(each["id"])]

    def _submit(self, claim: Claim) -> None:
        claim |= {"marker": self.acting.number(), "named": []}
        claim.setdefault("number", self.acting.number())
        self.acting.submit(claim, asked.claim(claim))

    def _each_about(self, claim: Claim) -> list[Op]:
        return [self._about(code, claim) for code in CODES]

    def _about(self, code: str, claim: Claim, **how: Any) -> Op:
        return asked.about(code, claim, self.acting.number(), **how)

    def _repeatable(self) -> list[Op]:
        """Tasks that may be sent again and mean the same.

        What tells of something gone would bring it back; a number may be another's by now.
        """
        now = self.world.clock.now
        gone = {c["id"] for c in self.model.claims.values() if c["state"] == "nullified"}
        return [
            task
            for task in self.model.tasks.values()
            if task["document"] is not None
            and not task.get("is_by_number")
            and (
                task["claim"] not in gone
                or self.model.held_answer(task["document"], task["sender"], now) is not None
            )
        ]

"""Counters worked out anew from what was decided, by other code than that which moved them.

What a line bears is read from its rows. Only where another payer's part came off them under
`standard`, which moves the counters as if nobody had paid, it is worked out from the plan's own
figures; so decisions are taken one by one, in the order in which they were made.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tests.reliability.market import Insured

# Holder, kind, category and period.
Key = tuple[str, str, str, str]
Rows = dict[str, Decimal]

_NOTHING = Decimal(0)
_TIERS = (
    ("item", "itemSequence"),
    ("detail", "detailSequence"),
    ("subDetail", "subDetailSequence"),
)
_SHARES = ("deductible", "copay", "coinsurance")
_PARTS = ("contractual", "noncovered", *_SHARES, "cob-paid", "benefit")
# The dental plan: what a member and a family bear first, and percentages in and out of network.
_DEDUCTIBLE, _OF_A_FAMILY = Decimal("50.00"), Decimal("150.00")
_NO_DEDUCTIBLE = {"preventive", "orthodontic"}
_PERCENT = {"preventive": (0, 20), "basic": (20, 40), "major": (50, 60), "orthodontic": (50, 50)}
_IN_NETWORK = {"happy-valley", "riverside"}


@dataclass(frozen=True)
class Decision:
    """A Claim with the ClaimResponse that decided it."""

    claim: dict[str, Any]
    response: dict[str, Any]
    member: Insured

    @property
    def benefit(self) -> Decimal:
        """What it pays."""
        return self.total("benefit")

    def total(self, category: str) -> Decimal:
        """The total of a category; 0 without one."""
        return _rows(self.response["total"]).get(category, _NOTHING)

    @property
    def is_reduced(self) -> bool:
        """Whether less is paid than was asked for."""
        return self.benefit < self.total("submitted")

    def leaves(self) -> Iterator[tuple[dict[str, Any], Rows]]:
        """Each leaf of the Claim with its rows, which add up to what was submitted."""
        for leaf, line in _leaves(self.claim, self.response, 0):
            rows = _rows(line["adjudication"])
            parts = sum((rows.get(part, _NOTHING) for part in _PARTS), _NOTHING)
            assert parts == rows.get("submitted", _NOTHING), rows
            yield leaf, rows


@dataclass
class Recount:
    """Every counter as the decisions in force leave it."""

    sums: Counter[Key] = field(default_factory=Counter)
    of_claims: dict[str, Counter[Key]] = field(default_factory=dict)

    def decide(self, id: str, decision: Decision) -> None:
        """Count one decision, on top of those before."""
        counted: Counter[Key] = Counter()
        for leaf, rows in decision.leaves():
            if rows.get("eligible"):
                self._count(leaf, rows, decision, counted)
        self.of_claims[id] = counted

    def cancel(self, id: str) -> None:
        """A decision counts no more."""
        self.sums.subtract(self.of_claims.pop(id))

    def standing(self) -> dict[Key, Decimal]:
        """The counters that are not at zero."""
        return {key: amount for key, amount in self.sums.items() if amount}

    def _count(
        self, leaf: dict[str, Any], rows: Rows, decision: Decision, counted: Counter[Key]
    ) -> None:
        member, day = decision.member, decision.claim["billablePeriod"]["start"]
        year, category = day[:4], _category(leaf, member)
        own = member.number
        if member.market.plan == "example-dental" and rows.get("cob-paid"):
            rows = rows | self._alone(rows["eligible"], category, year, decision)
        borne = sum((rows.get(share, _NOTHING) for share in _SHARES), _NOTHING)
        benefit, first = rows["benefit"], rows.get("deductible", _NOTHING)
        moved: dict[Key, Decimal] = {
            (own, "deductible-individual", "", year): first,
            (member.family, "deductible-family", "", year): first,
            (own, "out-of-pocket-individual", "", year): borne,
            (member.family, "out-of-pocket-family", "", year): borne,
            (own, "copay", category, day): rows.get("copay", _NOTHING),
            (own, "benefit", category, year): benefit,
            (own, "benefit", category, "lifetime"): benefit,
            (own, "benefit", "", year): benefit,
        }
        if not counted[(own, "visit", category, day)]:
            moved |= {(own, "visit", category, period): Decimal(1) for period in (day, year)}
        counted.update(moved)
        self.sums.update(moved)

    def _alone(self, eligible: Decimal, category: str, year: str, decision: Decision) -> Rows:
        """What the member would bear of a dental line if no other payer had paid."""
        member, kind = decision.member, category.rpartition("|")[2]
        left = (
            _DEDUCTIBLE - self.sums[(member.number, "deductible-individual", "", year)],
            _OF_A_FAMILY - self.sums[(member.family, "deductible-family", "", year)],
        )
        first = _NOTHING if kind in _NO_DEDUCTIBLE else min(eligible, *left)
        office = decision.claim["provider"]["identifier"]["value"]
        percent = _PERCENT[kind][0 if office in _IN_NETWORK else 1]
        rest = (eligible - first) * percent / 100
        coinsurance = rest.quantize(Decimal("0.01"), ROUND_HALF_UP)
        return {"deductible": first, "coinsurance": coinsurance}


def _leaves(
    asked: dict[str, Any], answered: dict[str, Any], tier: int
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    name, sequence = _TIERS[tier]
    lines = {line[sequence]: line for line in answered.get(name, [])}
    assert lines.keys() == {line["sequence"] for line in asked.get(name, [])}
    for line in asked.get(name, []):
        parts = list(_leaves(line, lines[line["sequence"]], tier + 1)) if tier < 2 else []
        yield from parts or [(line, lines[line["sequence"]])]


def _rows(adjudications: list[dict[str, Any]]) -> Rows:
    return {
        each["category"]["coding"][0]["code"]: Decimal(each["amount"]["value"])
        for each in adjudications
    }


def _category(leaf: dict[str, Any], member: Insured) -> str:
    [coding] = leaf["productOrService"]["coding"]
    [service] = [
        one
        for one in member.market.services
        if (one.system, one.code) == (coding["system"], coding["code"])
    ]
    return service.category

"""Generated Claims: three lines, groups, other payers, preauthorizations, what nobody covers."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any

from tests.builders import COVERAGE_SYSTEM, identifier, money
from tests.reliability.market import Insured, Service, fair

PROVIDERS = "http://registry.example/provider"
CLOSING = "closing-office"
_OFFICES = {
    "oral": ["happy-valley", "riverside", "elsewhere"],
    "professional": ["green-lane", "hilltop", "elsewhere"],
}
_ITEMS = 3
_FIRST_DAY, _LAST_DAY = date(2025, 1, 1), date(2026, 3, 1)
_DECIMALS = {"USD": Decimal("0.01"), "KWD": Decimal("0.001")}
_SYSTEMS = "http://terminology.hl7.org/CodeSystem"
# Of a hundred Claims so many are coordinated, grouped, out of the plan, or sent a second time.
_COORDINATED, _GROUPED, _FOREIGN, _REPEATED = 14, 12, 4, 1


@dataclass
class Bills:
    """Claims of some members, the same for the same seed; no member has two on a day.

    A service that was claimed before would be a duplicate, which is denied or looked at by a
    person: those that are meant to be are exact.
    """

    members: list[Insured]
    random: Random
    sent: int = 0
    by_number: dict[str, Insured] = field(default_factory=dict)
    days: dict[str, list[date]] = field(default_factory=dict)

    def claims(self, count: int, provider: str | None = None) -> list[dict[str, Any]]:
        """So many Claims, now and then one for the second time."""
        claims: list[dict[str, Any]] = []
        while len(claims) < count:
            member = self.random.choice(self.members)
            drawn = self.claim(member, provider=provider)
            claims.append(drawn)
            if self._happens(_REPEATED) and len(claims) < count:
                claims.append({**drawn, "identifier": [self._number(member)]})
        return claims

    def claim(
        self, member: Insured, provider: str | None = None, codes: tuple[Service, ...] = ()
    ) -> dict[str, Any]:
        """One Claim; of `codes` alone where they are named."""
        currency = member.market.currency
        day = self._day(member)
        office = provider or self.random.choice(_OFFICES[member.market.type])
        items = [
            self._item(member, sequence, day, codes[sequence - 1 : sequence])
            for sequence in range(1, (len(codes) or _ITEMS) + 1)
        ]
        own = {
            "sequence": 1,
            "focal": True,
            "coverage": {"identifier": identifier(COVERAGE_SYSTEM, member.number)},
        }
        claim = {
            "resourceType": "Claim",
            "identifier": [self._number(member)],
            "status": "active",
            "type": _coded(f"{_SYSTEMS}/claim-type", member.market.type),
            "use": "claim",
            "patient": {"display": member.number},
            "billablePeriod": {"start": str(day), "end": str(day)},
            "created": "2026-03-02",
            "provider": {"identifier": identifier(PROVIDERS, office)},
            "priority": _coded(f"{_SYSTEMS}/processpriority", "normal"),
            "insurance": [own],
            "item": items,
            "total": money(str(sum(item["net"]["value"] for item in items)), currency),
        }
        if not codes and self._happens(_COORDINATED):
            self._coordinate(claim, own, currency)
        return claim

    def _coordinate(self, claim: dict[str, Any], own: dict[str, Any], currency: str) -> None:
        """Enclose another payer's answer: by item, or in total only."""
        parts = {
            item["sequence"]: self._rounded(
                item["net"]["value"] * Decimal(self.random.choice(["0.1", "0.5", "0.9"])), currency
            )
            for item in claim["item"]
        }
        answer = {
            "resourceType": "ClaimResponse",
            "id": "earlier",
            "status": "active",
            "type": claim["type"],
            "use": "claim",
            "patient": claim["patient"],
            "created": "2026-03-01",
            "insurer": {"display": "Another payer"},
            "outcome": "complete",
        }
        if self.random.random() < 0.5:
            answer["item"] = [
                {"itemSequence": sequence, "adjudication": [_benefit(part, currency)]}
                for sequence, part in parts.items()
            ]
        else:
            answer["total"] = [_benefit(sum(parts.values(), Decimal(0)), currency)]
        own["sequence"] = 2
        first = {"sequence": 1, "focal": False, "coverage": {"display": "Another policy"}}
        claim["insurance"] = [{**first, "claimResponse": {"reference": "#earlier"}}, own]
        claim["contained"] = [answer]

    def _item(
        self, member: Insured, sequence: int, day: date, named: tuple[Service, ...]
    ) -> dict[str, Any]:
        dated = {"sequence": sequence, "servicedDate": str(day)}
        if not named and self._happens(_GROUPED):
            return dated | self._group(member, depth=2)
        service = named[0] if named else self._service(member)
        return dated | self._leaf(service, member.market.currency)

    def _group(self, member: Insured, depth: int) -> dict[str, Any]:
        """A group of two, in which the second is a group again where there is a tier left."""
        currency = member.market.currency
        parts = [
            {"sequence": 1} | self._leaf(self._service(member), currency),
            {"sequence": 2}
            | (
                self._group(member, depth - 1)
                if depth > 1
                else self._leaf(self._service(member), currency)
            ),
        ]
        net = sum((part["net"]["value"] for part in parts), Decimal(0))
        tier = "detail" if depth == 2 else "subDetail"
        head = {"productOrService": {"text": "Together"}, "net": money(str(net), currency)}
        return head | {tier: parts}

    def _leaf(self, service: Service, currency: str) -> dict[str, Any]:
        quantity, factor = (
            self.random.choice([1, 1, 1, 2, 3]),
            self.random.choice(["1", "1", "0.75"]),
        )
        price = self._rounded(fair(self.random, service.fee), currency)
        leaf = {
            "productOrService": _coded(service.system, service.code),
            "quantity": {"value": quantity},
            "unitPrice": money(str(price), currency),
            "net": money(
                str(self._rounded(quantity * price * Decimal(factor), currency)), currency
            ),
        }
        return leaf if factor == "1" else leaf | {"factor": Decimal(factor)}

    def _service(self, member: Insured) -> Service:
        if self._happens(_FOREIGN):
            return Service("http://payer.example/service", "massage", Decimal("55.00"), "")
        return self.random.choice(member.market.services)

    def _day(self, member: Insured) -> date:
        if member.number not in self.days:
            span = (_LAST_DAY - _FIRST_DAY).days
            days = [_FIRST_DAY + timedelta(days=nth) for nth in range(span)]
            self.random.shuffle(days)
            self.days[member.number] = days
        return self.days[member.number].pop()

    def _number(self, member: Insured) -> dict[str, str]:
        self.sent += 1
        self.by_number[f"B{self.sent}"] = member
        return identifier("http://happyvalley.test/claim", f"B{self.sent}")

    def _happens(self, percent: int) -> bool:
        return self.random.random() * 100 < percent

    def _rounded(self, amount: Decimal, currency: str) -> Decimal:
        return amount.quantize(_DECIMALS[currency], ROUND_HALF_UP)


def _benefit(amount: Decimal, currency: str) -> dict[str, Any]:
    return {
        "category": _coded(f"{_SYSTEMS}/adjudication", "benefit"),
        "amount": money(str(amount), currency),
    }


def _coded(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}

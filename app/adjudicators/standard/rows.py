"""The rows of a line, a group or a Claim, as sums of what was added to them."""

from decimal import Decimal

from app.domain.adjudication import Amount, Category
from app.domain.codes import Coding
from app.domain.money import Money

_NOTHING = Decimal(0)
# Looked up once: to go through an enum costs as much as through the rows.
_IN_ORDER = tuple(Category)


class Rows:
    """Rows under way: sums and reasons by category."""

    def __init__(self, currency: str) -> None:
        self._currency = currency
        self._sums: dict[Category, Decimal] = {}
        self._reasons: dict[Category, list[Coding]] = {}

    def add(self, category: Category, amount: Decimal, *why: Coding) -> None:
        """Add to a row; a reason is kept once, and only where it moves something."""
        self._sums[category] = self._sums.get(category, _NOTHING) + amount
        if amount:
            kept = self._reasons.setdefault(category, [])
            for reason in why:
                if reason not in kept:
                    kept.append(reason)

    def add_all(self, amounts: tuple[Amount, ...]) -> None:
        """Add the rows of a line below."""
        for amount in amounts:
            self.add(amount.category, amount.money.amount, *amount.reasons)

    def sum_of(self, *categories: Category) -> Decimal:
        """What the rows of these categories come to."""
        return sum((self._sums.get(category, _NOTHING) for category in categories), _NOTHING)

    def amounts(self) -> tuple[Amount, ...]:
        """The rows in their order; those of nothing are left out, but for the benefit."""
        return tuple(
            Amount(category, self._money(category), tuple(self._reasons.get(category, ())))
            for category in _IN_ORDER
            if category is Category.BENEFIT or self._sums.get(category)
        )

    def _money(self, category: Category) -> Money:
        # With the currency's decimals at least.
        nothing = Money.zero(self._currency).amount
        return Money(nothing + self._sums.get(category, _NOTHING), self._currency)

"""Money: exact decimals in one currency, rounded half up to the currency's minor unit."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache

# ISO 4217's own code for "no currency": R4 leaves Money.currency optional.
NO_CURRENCY = "XXX"

# ISO 4217 minor units that differ from 2.
_MINOR_UNITS = {
    **dict.fromkeys(
        "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0
    ),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
    **dict.fromkeys("CLF UYW".split(), 4),
}


@cache
def minor_unit(currency: str) -> Decimal:
    """The smallest amount of a currency: 0.01 for EUR, 1 for JPY, 0.001 for KWD."""
    return Decimal(1).scaleb(-_MINOR_UNITS.get(currency, 2))


def rounded(amount: Decimal, currency: str) -> Decimal:
    """Half up to the currency's minor unit."""
    return amount.quantize(minor_unit(currency), ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount; the two of a sum or a comparison must share their currency."""

    amount: Decimal
    currency: str

    @classmethod
    def zero(cls, currency: str) -> "Money":
        """Nothing, with the currency's decimals."""
        return _zero(currency)

    @classmethod
    def of_minor_units(cls, units: int, currency: str) -> "Money":
        """So many of the currency's smallest amount."""
        return cls(units * minor_unit(currency), currency)

    @property
    def minor_units(self) -> int:
        """How many of the currency's smallest amount it is; it must be rounded."""
        return int(self.amount / minor_unit(self.currency))

    def __add__(self, other: "Money") -> "Money":
        self._same_currency(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same_currency(other)
        return Money(self.amount - other.amount, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def rounded(self) -> "Money":
        """Half up to the currency's minor unit."""
        return Money(rounded(self.amount, self.currency), self.currency)

    def _same_currency(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} are not added")


@cache
def _zero(currency: str) -> Money:
    return Money(rounded(Decimal(0), currency), currency)

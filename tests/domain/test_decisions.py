"""What a decision says of a request as a whole."""

from decimal import Decimal

import pytest

from app.domain.adjudication import Amount, Category, Decided, DecidedLine
from app.domain.codes import Coding
from app.domain.decisions import Ending, verdict
from app.domain.money import Money

PRICE, LIMIT, NOT_COVERED = (Coding("carc", code) for code in ("45", "119", "96"))


def row(category, amount, *reasons):
    return Amount(Category(category), Money(Decimal(amount), "EUR"), reasons)


def line(*rows, lines=()):
    return DecidedLine((1,), rows, lines=lines)


GRANTED = line(row("submitted", "100"), row("eligible", "100"), row("benefit", "80"))
DENIED = line(row("submitted", "50"), row("noncovered", "50", NOT_COVERED), row("benefit", "0"))
ALL_BORNE_BY_THE_MEMBER = line(
    row("submitted", "100"), row("eligible", "100"), row("deductible", "100"), row("benefit", "0")
)
WRITTEN_OFF = line(
    row("submitted", "100"),
    row("eligible", "70"),
    row("contractual", "30", PRICE),
    row("benefit", "70"),
)
ABOVE_THE_PRICE = line(
    row("submitted", "100"),
    row("eligible", "70"),
    row("noncovered", "30", PRICE),
    row("benefit", "70"),
)
HALF = line(
    row("submitted", "100"),
    row("eligible", "50"),
    row("noncovered", "50", LIMIT),
    row("benefit", "50"),
)
# What exceeds a preauthorization is written off in network.
USED_UP = line(
    row("submitted", "100"),
    row("eligible", "50"),
    row("contractual", "50", PRICE, Coding("carc", "198")),
    row("benefit", "50"),
)
WITHOUT_ELIGIBLE = line(row("submitted", "100"), row("copay", "20"), row("benefit", "80"))
# A late claim, a duplicate: all of it is written off, nothing is eligible.
REFUSED_AS_LATE = line(
    row("submitted", "100"), row("contractual", "100", Coding("carc", "29")), row("benefit", "0")
)
OF_NOTHING = line(row("benefit", "0"))


def group(*lines):
    return line(row("submitted", "1"), row("benefit", "0"), lines=lines)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([GRANTED], Ending.APPROVED),
        ([ALL_BORNE_BY_THE_MEMBER], Ending.APPROVED),
        ([WRITTEN_OFF, ABOVE_THE_PRICE], Ending.APPROVED),
        ([DENIED], Ending.DENIED),
        ([REFUSED_AS_LATE, DENIED], Ending.DENIED),
        ([GRANTED, DENIED], Ending.PARTLY),
        ([HALF], Ending.PARTLY),
        ([USED_UP], Ending.PARTLY),
        ([WITHOUT_ELIGIBLE], Ending.APPROVED),
        ([GRANTED, HALF], Ending.PARTLY),
        ([HALF, DENIED], Ending.PARTLY),
        ([OF_NOTHING, GRANTED], Ending.APPROVED),
        ([OF_NOTHING, DENIED], Ending.DENIED),
        ([OF_NOTHING], Ending.APPROVED),
        ([group(GRANTED, WRITTEN_OFF)], Ending.APPROVED),
        ([group(GRANTED, group(DENIED))], Ending.PARTLY),
        ([group(DENIED)], Ending.DENIED),
    ],
)
def test_a_request_is_what_became_of_its_lines(lines, said):
    assert verdict(Decided(tuple(lines), (), "Decided.")) is said

"""How few a kind of condition is met by, fewest first."""

from datetime import timedelta

from app.domain.search.query import (
    Comparator,
    DateMatch,
    Match,
    ReferenceMatch,
    TextMatch,
    TextMode,
    TokenMatch,
)
from app.domain.search.texts import normal

ONE, IDENTIFIED, REFERRING, DATED, NAMED, CODED, UPDATED = 0, 10, 20, 30, 40, 50, 60
# A link from what leads to few leads to not many more.
LINKED = 1
# The comparators that ask for what comes at or after the beginning of a date.
SINCE = {
    Comparator.EQUAL,
    Comparator.GREATER,
    Comparator.GREATER_OR_EQUAL,
    Comparator.STARTS_AFTER,
    Comparator.APPROXIMATELY,
}
_NARROW = timedelta(days=1)
_FEWEST_LETTERS = 3


def rank_of(match: Match, name: str) -> int | None:
    """How few meet a value; None where no index leads to those that do."""
    if isinstance(match, TokenMatch):
        is_identifier = name == "identifier" or name.endswith(":identifier")
        return None if match.code is None else IDENTIFIED if is_identifier else CODED
    if isinstance(match, ReferenceMatch):
        return REFERRING
    if isinstance(match, DateMatch):
        return DATED if is_narrow(match) and match.comparator is Comparator.EQUAL else None
    if isinstance(match, TextMatch):
        leads = match.mode in {TextMode.STARTS_WITH, TextMode.EXACT}
        return NAMED if leads and len(normal(match.text)) >= _FEWEST_LETTERS else None
    return None


def is_narrow(match: DateMatch) -> bool:
    """Whether a date is of a day at most."""
    return match.high - match.low <= _NARROW

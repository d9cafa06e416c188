"""The adjudicators that are installed: ours and a payer's own come in by the same door."""

from importlib.metadata import entry_points

from app.domain.adjudication import Adjudicator

GROUP = "eclaims.adjudicators"


def installed() -> dict[str, Adjudicator]:
    """Every adjudicator by the name of its entry point."""
    return {point.name: point.load()() for point in entry_points(group=GROUP)}

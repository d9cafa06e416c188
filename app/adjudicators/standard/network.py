"""Whether the provider is in a network of the plan on the day of a service."""

from datetime import date

from app.adjudicators.standard.terms import Terms


def is_in_network(day: date, terms: Terms) -> bool:
    """A plan without a network has everybody in it."""
    return not terms.plan.networks or any(
        (days.first or date.min) <= day <= (days.last or date.max) for days in terms.affiliations
    )

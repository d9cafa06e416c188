"""Whether the provider is in a network of the plan on the day of a service."""

from datetime import date

from app.adjudicators.standard.terms import Terms


def is_in_network(day: date, terms: Terms) -> bool:
    """A plan without a network has everybody in it."""
    return terms.plan.has_in_network(terms.affiliations, day)

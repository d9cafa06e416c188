"""Whether a line has the preauthorization that its benefit category asks for."""

from datetime import date

from app.adjudicators.standard import reasons
from app.adjudicators.standard.denial import Denial
from app.adjudicators.standard.leaves import Leaf
from app.adjudicators.standard.network import is_in_network
from app.adjudicators.standard.terms import Terms
from app.domain.plan import Benefit


def authorization_denial(leaf: Leaf, benefit: Benefit, terms: Terms) -> Denial | None:
    """Asked of use=claim only; in network the provider bears what it did not ask for."""
    if not benefit.authorization_required or not terms.is_claimed or _is_held(leaf, terms):
        return None
    is_providers = is_in_network(leaf.day, terms)
    return Denial(reasons.NOT_AUTHORIZED, is_contractual=is_providers)


def _is_held(leaf: Leaf, terms: Terms) -> bool:
    services = {service.key for service in leaf.line.services}
    return any(
        services & held.services
        and held.currency == terms.currency
        and (held.starts_on or date.min) <= leaf.day <= (held.ends_on or date.max)
        for held in terms.authorizations
    )

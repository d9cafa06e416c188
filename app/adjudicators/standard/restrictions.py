"""For whom the plan covers a service: the patient's age on its day, and sex."""

from app.adjudicators.standard import reasons
from app.adjudicators.standard.denial import Denial
from app.adjudicators.standard.leaves import Leaf
from app.adjudicators.standard.terms import Terms
from app.domain.plan import Benefit
from app.domain.restrictions import Restriction


def restriction_denial(leaf: Leaf, benefit: Benefit, terms: Terms) -> Denial | None:
    """Age before sex; what is not known denies nothing here."""
    if not benefit.restrictions:
        return None
    restrictions = _concerning(leaf, benefit)
    if any(each.admits_age(terms.patient, leaf.day) is False for each in restrictions):
        return Denial(reasons.AGE)
    if any(each.admits_sex(terms.patient) is False for each in restrictions):
        return Denial(reasons.SEX)
    return None


def lacks_patient(leaf: Leaf, benefit: Benefit, terms: Terms) -> bool:
    """Whether the line cannot be decided without the patient's birth date or sex."""
    return any(
        None in (each.admits_age(terms.patient, leaf.day), each.admits_sex(terms.patient))
        for each in _concerning(leaf, benefit)
    )


def _concerning(leaf: Leaf, benefit: Benefit) -> list[Restriction]:
    services = leaf.line.services
    return [each for each in benefit.restrictions if each.concerns(services)]

"""A new payer, able to decide a Claim at once: registered together with its default plan."""

from app.domain.parties import Payer, PayerSettings, Scope
from app.domain.references import Identifier
from app.fhir import json_text
from app.fhir.business.default_plan import default_plan
from app.fhir.documents import identifiers_of
from app.gateway.administering.administration import Administration
from app.gateway.administering.reference_data import keep
from app.gateway.installation import Installation


def new_payer(
    installation: Installation,
    name: str,
    identifiers: tuple[Identifier, ...] = (),
    *,
    is_default: bool = False,
) -> Payer:
    """Register a payer and give it the default plan; raises NameTaken."""
    plan = default_plan()
    settings = PayerSettings(default_plan=identifiers_of(plan)[0].value)
    payer = Payer(installation.new_id(), name, identifiers, settings)
    Administration(installation).add_payer(payer, is_default=is_default)
    installation.write(
        Scope(payer.id), lambda work: keep(plan, json_text.write(plan), "new-payer", work)
    )
    return payer

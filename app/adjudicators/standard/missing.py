"""What a line cannot be decided without, and what is asked of the submitter then."""

from app.adjudicators.standard import reasons
from app.adjudicators.standard.denial import Denial
from app.adjudicators.standard.frequency import lacks_site
from app.adjudicators.standard.leaves import Leaf
from app.adjudicators.standard.restrictions import lacks_patient
from app.adjudicators.standard.terms import Terms
from app.domain.plan import Benefit

NO_OTHER_PAYER_ANSWERED = Denial(reasons.NO_OTHER_PAYER)
NO_ATTACHMENT_CAME = Denial(reasons.NO_ATTACHMENT)
NO_PATIENT_KNOWN = Denial(reasons.NO_PATIENT)
NO_SITE_TOLD = Denial(reasons.NO_SITE)

# In the order they are asked for.
QUESTIONS = {
    NO_ATTACHMENT_CAME: "Please send the attachment that is needed to decide on line {}.",
    NO_PATIENT_KNOWN: "Please tell the patient's birth date and sex, needed to decide on line {}.",
    NO_SITE_TOLD: "Please tell the tooth or surface, needed to decide on line {}.",
}


def missing_denials(leaf: Leaf, benefit: Benefit, terms: Terms) -> list[Denial]:
    """What a line is denied for where it did not come; another payer's answer before all."""
    lacking = (
        (NO_OTHER_PAYER_ANSWERED, terms.lacks_other_payer),
        (NO_ATTACHMENT_CAME, terms.lacks_attachment(leaf)),
        (NO_PATIENT_KNOWN, lacks_patient(leaf, benefit, terms)),
        (NO_SITE_TOLD, lacks_site(leaf, benefit)),
    )
    return [denial for denial, is_lacking in lacking if is_lacking]

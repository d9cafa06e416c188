"""Why a row reduces: claim adjustment reason codes, each with our own short words.

The codes are X12's; their descriptions are licensed and are not copied here.
https://x12.org/codes/claim-adjustment-reason-codes
"""

from app.domain.adjudication import Category
from app.domain.canonical import CARC
from app.domain.codes import Coding


def _reason(code: str, text: str) -> Coding:
    return Coding(CARC, code, text)


DEDUCTIBLE = _reason("1", "Deductible")
COINSURANCE = _reason("2", "Coinsurance")
COPAY = _reason("3", "Copay")
NOT_YET_IN_FORCE = _reason("26", "Before the coverage")
NO_LONGER_IN_FORCE = _reason("27", "After the coverage")
NO_OTHER_PAYER = _reason("22", "Other payer first")
OTHER_PAYER = _reason("23", "Other payer")
NOT_AUTHORIZED = _reason("197", "Not authorized")
USED_UP = _reason("198", "Authorization used up")
DUPLICATE = _reason("18", "Exact duplicate")
NO_ATTACHMENT = _reason("16", "Attachment missing")
LATE = _reason("29", "Filed late")
NO_MEMBER = _reason("31", "No such member")
PRICE = _reason("45", "Above the price")
NOT_COVERED = _reason("96", "Not covered")
LIMIT = _reason("119", "Limit reached")
AGE = _reason("6", "Not at this age")
SEX = _reason("7", "Not for this sex")
NO_PATIENT = _reason("16", "Age or sex missing")
NO_SITE = _reason("16", "Tooth missing")
WAITING = _reason("179", "Waiting period")

_NOTES = {
    (DEDUCTIBLE, Category.DEDUCTIBLE): "Taken by the deductible of the plan.",
    (COINSURANCE, Category.COINSURANCE): "The member's percentage of the cost.",
    (COPAY, Category.COPAY): "The member's fixed share for this kind of service on this day.",
    (NOT_YET_IN_FORCE, Category.NONCOVERED): "The service was before the coverage came into force.",
    (NO_LONGER_IN_FORCE, Category.NONCOVERED): "The service was after the coverage had ended.",
    (DUPLICATE, Category.CONTRACTUAL): "Exactly this service is in an earlier claim.",
    (NO_OTHER_PAYER, Category.NONCOVERED): "The answer of an earlier payer did not come.",
    (OTHER_PAYER, Category.COB_PAID): "Earlier payers paid this part.",
    (NOT_AUTHORIZED, Category.CONTRACTUAL): "The provider did not ask for a preauthorization.",
    (NOT_AUTHORIZED, Category.NONCOVERED): "No preauthorization holds for this service.",
    (USED_UP, Category.CONTRACTUAL): "More than was left of the preauthorization is written off.",
    (USED_UP, Category.NONCOVERED): "This is more than was left of the preauthorization.",
    (LATE, Category.CONTRACTUAL): "The claim came after the plan's time limit for filing.",
    (NO_MEMBER, Category.NONCOVERED): "No coverage with this payer was found for the patient.",
    (PRICE, Category.CONTRACTUAL): "What exceeds the contracted price is written off.",
    (PRICE, Category.NONCOVERED): "What exceeds the plan's price is the member's, out of network.",
    (NOT_COVERED, Category.NONCOVERED): "The plan does not cover this service.",
    (LIMIT, Category.NONCOVERED): "A limit of the plan is reached.",
    (NO_ATTACHMENT, Category.NONCOVERED): "The attachment that was asked for did not come.",
    (AGE, Category.NONCOVERED): "The plan does not cover this service at the patient's age.",
    (SEX, Category.NONCOVERED): "The plan does not cover this service for the patient's sex.",
    (NO_PATIENT, Category.NONCOVERED): "The birth date or sex that was asked for did not come.",
    (NO_SITE, Category.NONCOVERED): "The tooth or surface that was asked for did not come.",
    (WAITING, Category.NONCOVERED): "The service was within the waiting period.",
}


def find_note(reason: Coding, category: Category) -> str | None:
    """The sentence for a person that explains a reason on a row of this category.

    None for a reason of others: a line that is carried over may have been decided by other rules.
    """
    return _NOTES.get((reason, category))

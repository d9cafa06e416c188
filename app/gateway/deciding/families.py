"""Of which family a Claim is, as its job knows: what to decide apart, and by one worker.

It decides nothing: whatever two Claims have in common is looked at when their facts are read.
"""

from app.domain.claims import Claim
from app.domain.codes import ClaimUse
from app.fhir import json_text
from app.store.resources import Stored
from app.store.unit_of_work import UnitOfWork


def family_of(claim: Claim, coverage: Stored | None, work: UnitOfWork) -> str | None:
    """What Claims of one subscriber have in common, as a keyed hash.

    None where it may have something in common with other families as well, or where the payer keeps
    no Coverage: such a Claim stays in its place among all others.
    """
    if coverage is None or coverage.text is None or not _is_plain(claim):
        return None
    raw = json_text.member(coverage.text, "subscriberId")
    subscriber = json_text.parsed(raw) if raw else coverage.reference
    return work.hasher("job-family", str(subscriber))


def _is_plain(claim: Claim) -> bool:
    """Whether it is paid by one insurance, and quotes neither an authorization nor an answer."""
    if claim.use is not ClaimUse.CLAIM or len(claim.insurance) != 1:
        return False
    (insurance,) = claim.insurance
    return not insurance.preauthorizations and insurance.claim_response is None

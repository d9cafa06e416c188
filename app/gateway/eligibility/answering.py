"""What is known of the insurances that a CoverageEligibilityRequest asks about.

Docs: docs/eligibility.md.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from app.domain.eligibility import Insured, Purpose, insured_days, is_within
from app.domain.issues import ErrorCode, Issue
from app.domain.parties import Client
from app.fhir import json_text
from app.fhir.business.coverages import read_coverage
from app.fhir.business.eligibility_request import asked_items, item_issues, purposes_of
from app.fhir.documents import Document, resolved
from app.gateway.coverages import matched
from app.gateway.deciding.beneficiaries import insured_person
from app.gateway.deciding.benefit_design import plan_of
from app.gateway.eligibility.disclosure import may_be_told
from app.gateway.eligibility.discovery import discovered, reference_to
from app.gateway.eligibility.plan_telling import DECIDES_BY_THE_PLAN, Question, told
from app.store.resources import Stored
from app.store.unit_of_work import UnitOfWork

_OF_THE_PLAN = frozenset({Purpose.BENEFITS, Purpose.AUTH_REQUIREMENTS})


@dataclass(frozen=True, slots=True)
class Asking:
    """One request, who sent it, the days it asks about, and where the answers are."""

    document: Document
    client: Client
    days: tuple[date, date]
    base: str
    work: UnitOfWork


def issues_of(asking: Asking) -> list[Issue]:
    """What of the items cannot be answered."""
    issues = list(item_issues(asking.document))
    for item in asked_items(asking.document):
        own = item.element.get("provider")
        if own is not None and not _is_known(own, asking):
            text = "The provider is not known: name it by an identifier, or by one you have stored."
            place = f"{item.line.expression}.provider"
            issues.append(Issue(ErrorCode.ELIGIBILITY_REFERENCE, text, place))
    return issues


def _is_known(provider: Document, asking: Asking) -> bool:
    reference = resolved(asking.document, provider, asking.base)
    if reference.type is None or reference.id is None:
        return reference.identifier is not None or reference.foreign is not None
    for resources in (asking.work.resources, asking.work.reference_data):
        stored = resources.find(reference.type, reference.id)
        if stored is not None and stored.text is not None:
            return True
    return False


def answered(asking: Asking, issues: Sequence[Issue]) -> list[tuple[Document, Insured | None]]:
    """What is known of each insurance of the request, and of those that are discovered.

    Of their plans only where nothing is wrong with what is asked.
    """
    purposes = purposes_of(asking.document)
    wants_the_plan = not issues and bool(purposes & _OF_THE_PLAN)
    named: set[str] = set()
    answers: list[tuple[Document, Insured | None]] = []
    for entry in asking.document.get("insurance", []):
        policy = matched(asking.document, entry["coverage"], asking.base, asking.work)
        insured = None
        if policy is not None and _may_be_told(entry["coverage"], policy, asking):
            insured = _insured(policy, asking, wants_the_plan)
            named.add(policy.id)
        answers.append((entry["coverage"], insured))
    if Purpose.DISCOVERY in purposes:
        answers += _discovered(named, asking, wants_the_plan)
    return answers


def _discovered(
    named: Collection[str], asking: Asking, wants_the_plan: bool
) -> Iterator[tuple[Document, Insured | None]]:
    for policy in discovered(asking.document, asking.base, asking.work):
        if policy.id not in named:
            yield reference_to(policy), _insured(policy, asking, wants_the_plan)


def _may_be_told(coverage: Document, policy: Stored, asking: Asking) -> bool:
    """Whether the request shows whom the Coverage insures; else it is as if nobody knew it."""
    kept = json_text.parsed(policy.text or "{}")
    return may_be_told(asking.document, coverage, kept, asking.base, asking.work)


def _insured(policy: Stored, asking: Asking, wants_the_plan: bool) -> Insured:
    """What is told of one of the payer's Coverages, which is the patient's."""
    work, base = asking.work, asking.base
    document = json_text.parsed(policy.text or "{}")
    plan = plan_of(document, asking.client.payer, base, work)
    coverage = read_coverage(document, policy.id, plan)
    days = insured_days(coverage, plan)
    is_in_force = is_within(asking.days, days)
    if not is_in_force or not wants_the_plan:
        return Insured(days, is_in_force)
    if plan is None or asking.client.payer.settings.adjudicator != DECIDES_BY_THE_PLAN:
        return Insured(days, is_in_force, None)
    patient = insured_person(asking.document, document, base, work)
    question = Question(
        asking.document, coverage, plan, patient, asking.days[0], asking.client, base, work
    )
    return Insured(days, is_in_force, tuple(told(question)))

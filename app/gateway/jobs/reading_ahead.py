"""What many jobs of one payer are going to read, read by a few statements for all of them.

Nothing here decides: whatever is not read ahead is read when it is asked for.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from app.domain.parties import Payer, Scope
from app.domain.references import Identifier, Reference
from app.fhir.coverages import read_coverage
from app.fhir.documents import Document, contained, identifiers_of, reference_of
from app.gateway.benefit_design import plan_of
from app.gateway.jobs.adjudicate import Facts, document_of
from app.store.unit_of_work import UnitOfWork
from app.store.work_queue import Job

# The collections of one scope in the transaction of all.
WorkOf = Callable[[Scope], UnitOfWork]


def read_facts_ahead(jobs: Sequence[Job], payer: Payer, base: str, work_of: WorkOf) -> None:
    """What the facts of these jobs are made of."""
    documents: list[Document] = []
    for scope, ids in _by_scope((job.scope, job.submission_id) for job in jobs).items():
        work = work_of(scope)
        work.submissions.read_ahead(ids)
        work.submissions.read_attached_ahead(ids)
        work.resources.read_ahead("Claim", ids)
        found = (document_of(work.resources.find("Claim", id), work) for id in ids)
        of_scope = [document for document in found if document is not None]
        _referred_ahead(of_scope, base, work)
        documents += of_scope
    payers_side = work_of(Scope(payer.id))
    ids = [job.submission_id for job in jobs]
    payers_side.reissues.read_ahead(ids)
    payers_side.mentions.read_any_submitters_ahead("Claim", ids)
    _coverages_ahead(documents, payer, base, payers_side)


def read_standing_ahead(facts: Iterable[Facts], work_of: WorkOf) -> None:
    """What the answers to these facts are held against as they are written."""
    by_id = {each.submission.id: each.submission for each in facts}
    by_scope = _by_scope((scope, id) for id, scope in _scopes(facts))
    for scope, ids in by_scope.items():
        work = work_of(scope)
        work.submissions.read_attached_ahead(ids, lock=True)
        work.resources.read_ahead("ClaimResponse", [by_id[id].response_id or "" for id in ids])
        work.payables.read_balances_ahead(ids)
    for payer_id in {scope.payer_id for scope in by_scope}:
        payers_side = work_of(Scope(payer_id))
        payers_side.counters.read_posted_ahead(by_id)
        payers_side.reissues.read_ahead(by_id)


def _scopes(facts: Iterable[Facts]) -> Iterator[tuple[str, Scope]]:
    for each in facts:
        submission = each.submission
        yield submission.id, Scope(each.payer.id, submission.submitter_id)


def _by_scope(found: Iterable[tuple[Scope, str]]) -> Mapping[Scope, list[str]]:
    ids: dict[Scope, list[str]] = defaultdict(list)
    for scope, id in found:
        ids[scope].append(id)
    return ids


def _referred_ahead(documents: Iterable[Document], base: str, work: UnitOfWork) -> None:
    """What Claims of one submitter refer to: patients, providers and coverages."""
    ids: dict[str, set[str]] = defaultdict(set)
    for document in documents:
        for value in (document["patient"], document["provider"], *_focal(document)):
            reference = reference_of(value, base)
            if reference.type is not None and reference.id is not None:
                ids[reference.type].add(reference.id)
    for type, of_type in sorted(ids.items()):
        work.resources.read_ahead(type, of_type)
        work.reference_data.read_ahead(type, of_type)


def _coverages_ahead(
    documents: Iterable[Document], payer: Payer, base: str, work: UnitOfWork
) -> None:
    """The payer's Coverages of Claims, and how their counters stand."""
    named: set[Identifier] = set()
    ids: set[str] = set()
    for document in documents:
        for value in _focal(document):
            reference = reference_of(value, base)
            named |= _names(reference, contained(document, value))
            if reference.type == "Coverage" and reference.id is not None:
                ids.add(reference.id)
    work.reference_data.read_identified_ahead("Coverage", named)
    for identifier in named:
        ids |= {id for _, id in work.reference_data.identified(("Coverage",), identifier)}
    work.reference_data.read_ahead("Coverage", ids)
    holders: set[str] = set()
    for id in ids:
        policy = document_of(work.reference_data.find("Coverage", id), work)
        if policy is not None:
            coverage = read_coverage(policy, id, plan_of(policy, payer, base, work))
            holders |= {coverage.member, coverage.family}
    work.counters.read_ahead(holders)


def _focal(document: Document) -> list[Document]:
    return [each["coverage"] for each in document["insurance"] if each["focal"]]


def _names(reference: Reference, coverage: Document | None) -> set[Identifier]:
    own = {reference.identifier} if reference.identifier is not None else set()
    return own | set(identifiers_of(coverage or {}))

"""What many jobs of one payer are going to read, read by a few statements for all of them.

Nothing here decides: whatever is not read ahead is read when it is asked for.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from app.domain.parties import Payer, Scope
from app.domain.references import Identifier, Reference
from app.fhir.documents import Document, contained, identifiers_of, reference_of
from app.gateway.deciding.networks import participant_key
from app.gateway.jobs.adjudicate import Facts, document_of, insured_by
from app.store.jobs.work_queue import Job
from app.store.unit_of_work import UnitOfWork

# The collections of one scope in the transaction of all.
WorkOf = Callable[[Scope], UnitOfWork]


def read_facts_ahead(jobs: Sequence[Job], payer: Payer, base: str, work_of: WorkOf) -> None:
    """What the facts of these jobs are made of."""
    payers_side = work_of(Scope(payer.id))
    owners = {job.submission_id: job.scope for job in jobs}
    payers_side.ahead.claims(owners)
    payers_side.ahead.attached(owners)
    payers_side.ahead.resources("Claim", owners)
    documents: list[Document] = []
    for scope, ids in _by_scope(owners).items():
        work = work_of(scope)
        found = (document_of(work.resources.find("Claim", id), work) for id in ids)
        of_scope = [document for document in found if document is not None]
        _referred_ahead(of_scope, base, work)
        documents += of_scope
    payers_side.reissues.read_ahead(owners)
    payers_side.mentions.read_any_submitters_ahead("Claim", owners)
    _coverages_ahead(documents, payer, base, payers_side)
    _providers_ahead(documents, base, payers_side)


def read_standing_ahead(facts: Sequence[Facts], payer: Payer, work_of: WorkOf) -> None:
    """What the answers to these facts are held against as they are written."""
    payers_side = work_of(Scope(payer.id))
    owners = {each.submission.id: Scope(payer.id, each.submission.submitter_id) for each in facts}
    responses = {each.submission.response_id or "": owners[each.submission.id] for each in facts}
    payers_side.ahead.attached(owners, lock=True)
    payers_side.ahead.resources("ClaimResponse", responses)
    payers_side.ahead.balances(owners)
    payers_side.counters.read_posted_ahead(owners)
    payers_side.reissues.read_ahead(owners)


def _by_scope(owners: Mapping[str, Scope]) -> Mapping[Scope, list[str]]:
    ids: dict[Scope, list[str]] = defaultdict(list)
    for id, scope in owners.items():
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
        stored = work.reference_data.find("Coverage", id)
        coverage = insured_by(stored, payer, base, work).coverage
        if coverage is not None:
            holders |= {coverage.member, coverage.family}
    work.counters.read_ahead(holders)


def _providers_ahead(documents: Iterable[Document], base: str, work: UnitOfWork) -> None:
    """What the payer keeps of providers that Claims name by an identifier."""
    references = (reference_of(document["provider"], base) for document in documents)
    named = {each.identifier for each in references if each.identifier is not None}
    work.reference_data.read_identified_ahead("Organization", named)
    participants = {participant_key(each.key) for each in named}
    work.reference_data.read_identified_ahead("OrganizationAffiliation", participants)


def _focal(document: Document) -> list[Document]:
    return [each["coverage"] for each in document["insurance"] if each["focal"]]


def _names(reference: Reference, coverage: Document | None) -> set[Identifier]:
    own = {reference.identifier} if reference.identifier is not None else set()
    return own | set(identifiers_of(coverage or {}))

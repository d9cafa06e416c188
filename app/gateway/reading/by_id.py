"""Reads: one resource, one version, or the Bundle of a hand-over. A stranger's is as if missing.

http://hl7.org/fhir/R4/http.html#read
"""

from functools import partial

from app.domain.auditing import READ, VREAD
from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.domain.parties import Client, ClientKind
from app.fhir.bundle import Entry, collection
from app.fhir.offer.code_systems import published
from app.gateway.auditing.accesses import Access, given
from app.gateway.auditing.events import AUDIT_EVENT, as_audit_events
from app.gateway.installation import Installation
from app.gateway.reading.published import as_stored
from app.store.resources import Stored
from app.store.unit_of_work import UnitOfWork

# The longest number that the column holds for certain.
_AUDIT_DIGITS = 18


class Reading:
    """What clients read of an installation."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    def resource(self, client: Client, type: str, id: str, request_id: str | None = None) -> Stored:
        """The current version; raises Unacceptable where there is none, or none any more."""
        own = self._published(type, id)
        if own is not None:
            return own
        access = Access(READ, type, id, request_id)
        if type == "Bundle":
            return self._handed_over(client, access, None)
        if type == AUDIT_EVENT:
            return given(self._installation, client, access, partial(_audit_event, client, id))
        query = partial(_current, type, id)
        return given(self._installation, client, access, query, is_glance=True)

    def version(
        self, client: Client, type: str, id: str, version: int, request_id: str | None = None
    ) -> Stored:
        """One version; raises Unacceptable where there is none."""
        own = self._published(type, id)
        if own is not None:
            return _present(own if version == own.version else None)
        access = Access(VREAD, type, id, request_id)
        if type == "Bundle":
            return self._handed_over(client, access, version)
        query = partial(_version, type, id, version)
        return given(self._installation, client, access, query)

    def _handed_over(self, client: Client, access: Access, version: int | None) -> Stored:
        """The Bundle of a poll; the audit tells how many answers are in it."""

        def query(work: UnitOfWork) -> tuple[Stored, int]:
            found, number = self._bundle(access.id or "", work)
            return _present(found if version in {None, found.version} else None), number

        return given(self._installation, client, access, query, lambda found: found[1])[0]

    def _bundle(self, task_id: str, work: UnitOfWork) -> tuple[Stored, int]:
        """What one poll handed over, built from its rows each time it is read."""
        items = work.visible.handed_over(task_id)
        task = work.resources.find("Task", task_id) if items else None
        if task is None:
            raise _missing()
        base = self._installation.base_url
        entries = [
            Entry(f"{base}/{stored.reference}", stored.text, delivery)
            for stored, delivery in items
            if stored.text is not None
        ]
        text = collection(task_id, task.updated_at, entries)
        stored = Stored("Bundle", task_id, 1, task.updated_at, text, task.submitter_id)
        return stored, len(entries)

    def _published(self, type: str, id: str) -> Stored | None:
        return as_stored(type, id) if (type, id) in published() else None


def _current(type: str, id: str, work: UnitOfWork) -> Stored:
    return _present(work.visible.find(type, id))


def _version(type: str, id: str, version: int, work: UnitOfWork) -> Stored:
    return _present(work.visible.find_version(type, id, version))


def _audit_event(client: Client, id: str, work: UnitOfWork) -> Stored:
    """A row of the audit, which is the payer's alone to read."""
    is_number = id.isascii() and id.isdigit() and len(id) <= _AUDIT_DIGITS
    if client.kind is not ClientKind.PAYER_CLIENT or not is_number:
        raise _missing()
    found = work.audit.find(int(id))
    # Spelled as it is numbered: one event has one address.
    if found is None or str(found.seq) != id:
        raise _missing()
    return as_audit_events([found], work)[0]


def _present(found: Stored | None) -> Stored:
    if found is None:
        raise _missing()
    if found.text is None:
        raise Unacceptable(Issue(ErrorCode.GONE, "The resource is gone."))
    return found


def _missing() -> Unacceptable:
    return Unacceptable(Issue(ErrorCode.NOT_FOUND, "There is no such resource."))

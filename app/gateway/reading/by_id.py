"""Reads: one resource, one version, or the Bundle of a hand-over. A stranger's is as if missing.

http://hl7.org/fhir/R4/http.html#read
"""

from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.domain.parties import Client, ClientKind
from app.fhir import json_text
from app.fhir.answers.audit_event import Told, audit_event
from app.fhir.bundle import Entry, collection
from app.fhir.offer.code_systems import published
from app.gateway.installation import Installation
from app.gateway.reading.published import as_stored
from app.store.audit import Recorded
from app.store.resources import Stored
from app.store.unit_of_work import UnitOfWork

# The longest number that the column holds for certain.
_AUDIT_DIGITS = 18


class Reading:
    """What clients read of an installation."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    def resource(self, client: Client, type: str, id: str) -> Stored:
        """The current version; raises Unacceptable where there is none, or none any more."""
        own = self._published(type, id)
        if own is not None:
            return own
        if type == "AuditEvent":
            return self._audit_event(client, id)
        if type == "Bundle":
            return self._installation.read(client.scope, lambda work: self._bundle(id, work))
        found = self._installation.glance(client.scope, lambda work: work.visible.find(type, id))
        return _present(found)

    def version(self, client: Client, type: str, id: str, version: int) -> Stored:
        """One version; raises Unacceptable where there is none."""
        if type == "Bundle" or self._published(type, id) is not None:
            found = self.resource(client, type, id)
            return _present(found if found.version == version else None)
        return _present(
            self._installation.read(
                client.scope, lambda work: work.visible.find_version(type, id, version)
            )
        )

    def _audit_event(self, client: Client, id: str) -> Stored:
        """A row of the audit, which is the payer's alone to read."""
        is_number = id.isascii() and id.isdigit() and len(id) <= _AUDIT_DIGITS
        if client.kind is not ClientKind.PAYER_CLIENT or not is_number:
            raise _missing()
        found = self._installation.read(client.scope, lambda work: work.audit.find(int(id)))
        # Spelled as it is numbered: one event has one address.
        if found is None or str(found.seq) != id:
            raise _missing()
        text = json_text.write(audit_event(_told(found)))
        return Stored("AuditEvent", id, 1, found.at, json_text.stamped(text, id, 1, found.at))

    def _bundle(self, task_id: str, work: UnitOfWork) -> Stored:
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
        return Stored("Bundle", task_id, 1, task.updated_at, text, task.submitter_id)

    def _published(self, type: str, id: str) -> Stored | None:
        return as_stored(type, id) if (type, id) in published() else None


def _told(recorded: Recorded) -> Told:
    event = recorded.event
    focus = f"{event.type}/{event.resource_id}" if event.type and event.resource_id else None
    return Told(
        recorded_at=recorded.at,
        actor=event.actor,
        action=event.action,
        outcome=event.outcome,
        focus=focus,
        type=event.type,
        task=f"Task/{event.task_id}" if event.task_id else None,
        request_id=event.request_id,
    )


def _present(found: Stored | None) -> Stored:
    if found is None:
        raise _missing()
    if found.text is None:
        raise Unacceptable(Issue(ErrorCode.GONE, "The resource is gone."))
    return found


def _missing() -> Unacceptable:
    return Unacceptable(Issue(ErrorCode.NOT_FOUND, "There is no such resource."))

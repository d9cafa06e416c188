"""Reads: one resource, one version, or the Bundle of a hand-over. A stranger's is as if missing.

http://hl7.org/fhir/R4/http.html#read
"""

from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.domain.parties import Client
from app.fhir import json_text
from app.fhir.bundle import Entry, collection
from app.fhir.code_systems import published
from app.gateway.installation import Installation
from app.store.resources import Stored
from app.store.unit_of_work import UnitOfWork


class Reading:
    """What clients read of an installation."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    def resource(self, client: Client, type: str, id: str) -> Stored:
        """The current version; raises Unacceptable where there is none, or none any more."""
        own = self._published(type, id)
        if own is not None:
            return own
        if type == "Bundle":
            return self._installation.read(client.scope, lambda work: self._bundle(id, work))
        found = self._installation.read(client.scope, lambda work: work.resources.find(type, id))
        return _present(found)

    def version(self, client: Client, type: str, id: str, version: int) -> Stored:
        """One version; raises Unacceptable where there is none."""
        if type == "Bundle" or self._published(type, id) is not None:
            found = self.resource(client, type, id)
            return _present(found if found.version == version else None)
        return _present(
            self._installation.read(
                client.scope, lambda work: work.resources.find_version(type, id, version)
            )
        )

    def _bundle(self, task_id: str, work: UnitOfWork) -> Stored:
        """What one poll handed over, built from its rows each time it is read."""
        items = work.pended.handed_over(task_id)
        task = work.resources.find("Task", task_id) if items else None
        if task is None:
            raise _missing()
        base, redelivered = self._installation.base_url, work.pended.redelivered(task_id)
        entries = [
            Entry(
                f"{base}/{stored.reference}",
                stored.text,
                redelivered.get((stored.type, stored.id, stored.version), 1),
            )
            for stored in work.resources.versions(items)
            if stored.text is not None
        ]
        text = collection(task_id, task.updated_at, entries)
        return Stored("Bundle", task_id, 1, task.updated_at, text, task.submitter_id)

    def _published(self, type: str, id: str) -> Stored | None:
        document = published().get((type, id))
        if document is None:
            return None
        return Stored(type, id, 1, self._installation.clock(), json_text.write(document))


def _present(found: Stored | None) -> Stored:
    if found is None:
        raise _missing()
    if found.text is None:
        raise Unacceptable(Issue(ErrorCode.GONE, "The resource is gone."))
    return found


def _missing() -> Unacceptable:
    return Unacceptable(Issue(ErrorCode.NOT_FOUND, "There is no such resource."))

"""Whether a credential may do what it asks: asked before any effect, and every no is audited.

Docs: docs/scopes.md.
"""

from collections.abc import Collection, Mapping
from typing import Any, NoReturn

from app.domain.codes import TaskCode
from app.domain.issues import ErrorCode, Issue, ScopeMissing, Unacceptable
from app.domain.parties import Client, ClientKind
from app.domain.permissions import label_of, scope_for
from app.gateway.installation import Installation
from app.gateway.reading.joined import Joined
from app.store.audit import Event
from app.store.resources import Stored


def require(
    client: Client,
    letter: str,
    type: str,
    *,
    task_code: str | None = None,
    labels: Collection[str] = (),
) -> None:
    """Pass where the credential allows it; raises ScopeMissing, which names what is missing."""
    if not client.permissions.allows(letter, type, task_code=task_code, labels=labels):
        raise ScopeMissing(scope_for(letter, type, task_code=task_code, labels=labels), type)


def require_created(client: Client, document: Mapping[str, Any]) -> None:
    """Pass where the credential may create this resource, as it is labelled; or ScopeMissing."""
    require(client, "c", document["resourceType"], labels=labels_of(document))


def require_task(client: Client, code: TaskCode, document: Mapping[str, Any]) -> None:
    """Pass where this client may send a Task of this code; raises Unacceptable."""
    if client.kind is not ClientKind.SUBMITTER:
        raise Unacceptable(Issue(ErrorCode.FORBIDDEN, "Only submitters send Tasks.", "Task"))
    require(client, "c", "Task", task_code=code, labels=labels_of(document))


def labels_of(document: Mapping[str, Any]) -> tuple[str, ...]:
    """The guarded label of a resource, where it has one."""
    label = label_of(document)
    return () if label is None else (label,)


def may_read(client: Client, stored: Stored) -> bool:
    """Whether the credential may read what it has just changed."""
    labels = () if stored.label is None else (stored.label,)
    return client.permissions.allows("r", stored.type, labels=labels)


def require_some(
    installation: Installation,
    client: Client,
    letter: str,
    types: Collection[str],
    request_id: str | None,
) -> None:
    """Pass where the credential allows it of one of these types, with whatever code or label.

    What exactly is asked for is looked at where that is known. Raises ScopeMissing, audited.
    """
    if not any(client.permissions.touches(letter, type) for type in types):
        type = next(iter(types)) if len(types) == 1 else "*"
        refuse(installation, client, ScopeMissing(scope_for(letter, type)), type, request_id)


def refuse(
    installation: Installation,
    client: Client,
    missing: ScopeMissing,
    type: str,
    request_id: str | None,
) -> NoReturn:
    """Raise ScopeMissing, audited.

    Within a transaction, which is unwound, its own end audits what it failed for.
    """
    if not isinstance(installation, Joined):
        about = None if type == "*" else type
        event = Event(client.id, "denied", ErrorCode.SCOPE.entry.id, about, request_id=request_id)
        installation.write(client.scope, lambda work: work.audit.add(event))
    raise missing

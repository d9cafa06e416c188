"""What a change is for, and whether it stands as the client believes it does.

http://hl7.org/fhir/R4/http.html#concurrency
"""

import re
from dataclasses import dataclass

from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.domain.parties import Client, ClientKind
from app.gateway.permitted import require
from app.gateway.surface import IMMUTABLE
from app.store.resources import Stored
from app.store.unit_of_work import UnitOfWork

# https://www.rfc-editor.org/rfc/rfc7232#section-2.3
_TAG = r'(?:W/)?"[\x21\x23-\x7E]*"'
_TAGS = re.compile(rf"{_TAG}(?:\s*,\s*{_TAG})*")
_ANY = "*"


@dataclass(frozen=True, slots=True)
class Target:
    """One resource by its id, or else the one that meets a condition: the query of a search.

    `if_match` is the header as it was sent: entity tags, or `*` for any version there is.
    """

    type: str
    id: str | None = None
    condition: str | None = None
    if_match: str | None = None
    request_id: str | None = None


def standing(
    target: Target, id: str, client: Client, work: UnitOfWork, letter: str | None = "u"
) -> Stored | None:
    """The resource that is to change, locked; None where this client sees none.

    One that was deleted is told as such; `letter` is that of the scope it takes, if any. Raises
    Unacceptable where it is not this client's, was purged, or is not the version that was named.
    """
    if target.type in IMMUTABLE:
        # In the order in which Tasks and jobs lock them.
        work.submissions.find(target.type, id, lock=True)
    found = _allowed(target, work.resources.find(target.type, id, lock=True), client, letter)
    require_match(target.if_match, found)
    if found is None:
        return None
    if found.submitter_id != client.scope.submitter_id:
        text = f"This {target.type} belongs to somebody else, and is there to be read alone."
        raise Unacceptable(Issue(ErrorCode.FORBIDDEN, text, target.type))
    if found.text is None and not found.is_deletion:
        raise Unacceptable(Issue(ErrorCode.GONE, "The resource is gone."))
    return found


def _allowed(
    target: Target, found: Stored | None, client: Client, letter: str | None
) -> Stored | None:
    """What may be changed; None for what is hidden from this client. Raises ScopeMissing.

    The payer keeps what it sends under an id of its choice, so to it a taken one is told.
    """
    if found is None:
        return None
    labels = () if found.label is None else (found.label,)
    is_hidden = not client.scope.sees(found.type, found.label)
    if is_hidden and client.kind is ClientKind.SUBMITTER:
        return None
    if letter is not None:
        require(client, letter, target.type, labels=labels)
    return found


def require_match(if_match: str | None, found: Stored | None) -> None:
    """Pass where the version is one that the header allows; raises Unacceptable."""
    if if_match is None:
        return
    tags = if_match.strip()
    if tags != _ANY and not _TAGS.fullmatch(tags):
        text = 'If-Match holds entity tags, as in W/"1", or an asterisk.'
        raise Unacceptable(Issue(ErrorCode.PARAMETER, text))
    versions = {tag.removeprefix("W/").strip('"') for tag in re.findall(_TAG, tags)}
    if (
        found is not None
        and found.text is not None
        and (tags == _ANY or str(found.version) in versions)
    ):
        return
    text = "The resource is not, or no longer, in a version that If-Match names."
    raise Unacceptable(Issue(ErrorCode.VERSION_CONFLICT, text))

"""A request as it came in: its exact text, its parsed document, and how it may be asked twice."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from json import dumps
from typing import Any

from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.domain.references import Identifier
from app.store.hashing import Hasher
from app.store.tasks import Kept, ReplayKeys

KEPT_FOR = timedelta(days=400)
# What a sender may change in a repetition without making it another request.
_NO_CONTENT = ("id", "meta", "text", "lastModified")


@dataclass(frozen=True, slots=True)
class Received:
    """A resource that passed the gate and the check of R4."""

    text: str
    document: Mapping[str, Any]
    request_id: str | None = None
    idempotency_key: str | None = None
    # The query of a search: to be created only where nothing meets it.
    if_none_exist: str | None = None
    # It came by PUT: nothing but what is the sender's own meets the condition.
    is_update: bool = False
    # The content as it was sent, where references in it had to be rewritten since.
    sent: Mapping[str, Any] | None = None
    # The id it is to have, where others refer to it already.
    id: str | None = None
    # Only to be tried: answered as if it were done, and nothing of it kept.
    is_rehearsal: bool = False

    @property
    def type(self) -> str:
        """The resource type."""
        return str(self.document["resourceType"])

    def fingerprint(self, hasher: Hasher) -> str:
        """A keyed hash of the content: the same for the same content, however it is laid out."""
        sent = self.document if self.sent is None else self.sent
        content = {name: value for name, value in sent.items() if name not in _NO_CONTENT}
        return hasher("content", dumps(content, sort_keys=True, default=str))


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one request; whoever takes them first has the effect."""

    fingerprint: str
    by_content: str | None = None
    idempotency: str | None = None
    condition: str | None = None

    @property
    def by_header(self) -> tuple[str, ...]:
        """The keys that headers gave."""
        return tuple(key for key in (self.idempotency, self.condition) if key is not None)

    @property
    def all(self) -> tuple[str, ...]:
        """Every key, in one order for all requests."""
        return tuple(sorted({*([self.by_content] if self.by_content else []), *self.by_header}))

    @property
    def is_by_content(self) -> bool:
        """Whether the content alone tells that it is the same again: no header does."""
        return self.by_content is not None and not self.by_header

    def found(self, kept: ReplayKeys, *, by_condition: bool = True) -> Kept | None:
        """What the same request led to before; raises Unacceptable for a misused key.

        `by_condition` False where a search tells what meets the condition now.
        """
        promised = kept.find(self.idempotency) if self.idempotency else None
        if promised is not None and promised.content_hash != self.fingerprint:
            text = ErrorCode.IDEMPOTENCY.entry.meaning
            raise Unacceptable(Issue(ErrorCode.IDEMPOTENCY, text))
        # The promise is not looked up again: taken meanwhile, it would pass without its content.
        passed = {self.idempotency} if by_condition else {self.idempotency, self.condition}
        found = (kept.find(key) for key in self.all if key not in passed)
        return promised or next((earlier for earlier in found if earlier is not None), None)

    def is_spent(self, kept: ReplayKeys) -> bool:
        """Whether something was made under the condition before; a search tells if it meets it.

        To be asked before that search, which then sees what was made.
        """
        return self.condition is not None and kept.find(self.condition) is not None

    def renew(self, kept: ReplayKeys) -> None:
        """Let the condition be taken again: nothing meets it."""
        if self.condition is not None:
            kept.forget(self.condition)

    def take(self, kept: ReplayKeys, type: str, id: str, lasts: timedelta = KEPT_FOR) -> bool:
        """Take every key; False, with none taken, where a request had one of them before."""
        for at, key in enumerate(self.all):
            is_condition = key == self.condition
            if not kept.keep(key, self.fingerprint, type, id, lasts, is_condition=is_condition):
                for taken in self.all[:at]:
                    kept.forget(taken)
                return False
        return True

    def bind(self, kept: ReplayKeys, type: str, id: str, lasts: timedelta = KEPT_FOR) -> None:
        """Bind headers that came only now to what was there before.

        The content is bound to it where it is the same; a condition is met by other content too.
        """
        for key in sorted(self.by_header):
            is_condition = key == self.condition
            kept.keep(key, self.fingerprint, type, id, lasts, is_condition=is_condition)

    def let_go(self, kept: ReplayKeys) -> None:
        """Give every key back: the request had no effect, so asking again is asking anew."""
        for key in self.all:
            kept.forget(key)


def keys_of(
    received: Received, kind: Iterable[str], identifiers: Iterable[Identifier], hasher: Hasher
) -> Keys:
    """The keys of a request of this kind (a Task code, a Claim's use, a resource type).

    Without an identifier and without a header there is none: each sending is then its own request.
    """
    fingerprint = received.fingerprint(hasher)
    named = sorted(identifier.key for identifier in identifiers)
    by_content = hasher("same", *kind, *named, fingerprint) if named else None
    idempotency, condition = None, None
    if received.idempotency_key is not None:
        idempotency = hasher("idempotency", received.idempotency_key)
    if received.if_none_exist is not None:
        asked = sorted(received.if_none_exist.lstrip("?").split("&"))
        condition = hasher("if-none-exist", received.type, *asked)
    return Keys(fingerprint, by_content, idempotency, condition)

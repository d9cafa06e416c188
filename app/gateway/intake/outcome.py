"""What intake answers: the stored resource, whether it is new, and the resource that answers it."""

from dataclasses import dataclass

from app.domain.parties import Scope
from app.store.resources import Stored


@dataclass(frozen=True, slots=True)
class Taken:
    """A resource that was taken in; `related` is the reference of the response to it.

    `urgent` is the submission that is to be decided at once. `is_rehearsal`: nothing was kept.
    `is_shown` False: whoever asks is told where it is, and nothing of what it holds.
    """

    stored: Stored
    is_new: bool
    related: str | None = None
    urgent: tuple[str, str] | None = None
    is_rehearsal: bool = False
    is_shown: bool = True


def there_already(stored: Stored, scope: Scope, related: str | None = None) -> Taken:
    """What was sent before, as it is now: others may have labelled or changed it since.

    It is shown to who may read it, a Task without a guarded label to who may send it.
    """
    if stored.type == "Task":
        return Taken(stored, is_new=False, is_shown=scope.sees("Task", stored.label))
    labels = () if stored.label is None else (stored.label,)
    is_shown = scope.permissions.allows("r", stored.type, labels=labels)
    answer = (related or "").partition("/")[0]
    told = related if scope.sees(answer, stored.label) else None
    return Taken(stored, is_new=False, related=told, is_shown=is_shown)

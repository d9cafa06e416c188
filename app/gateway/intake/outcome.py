"""What intake answers: the stored resource, whether it is new, and the resource that answers it."""

from dataclasses import dataclass

from app.store.resources import Stored


@dataclass(frozen=True, slots=True)
class Taken:
    """A resource that was taken in; `related` is the reference of the response to it.

    `urgent` is the submission that is to be decided at once. `is_rehearsal`: nothing was kept.
    """

    stored: Stored
    is_new: bool
    related: str | None = None
    urgent: tuple[str, str] | None = None
    is_rehearsal: bool = False

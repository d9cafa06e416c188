"""What intake answers: the stored resource, whether it is new, and the resource that answers it."""

from dataclasses import dataclass

from app.store.resources import Stored


@dataclass(frozen=True, slots=True)
class Taken:
    """A resource that was taken in; `related` is the reference of the response to it."""

    stored: Stored
    is_new: bool
    related: str | None = None

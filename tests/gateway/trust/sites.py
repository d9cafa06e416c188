"""A place where keys are published, as whoever fetches them finds it."""

from dataclasses import dataclass, field

from app.gateway.trust.fetched_keys import NotFetched
from tests.security.keyed import a_set, ec, public

FIRST = a_set(public(ec(), "key-1"))


@dataclass(frozen=True)
class Found:
    """What is found at the address."""

    body: bytes
    max_age: int | None = None


@dataclass
class Site:
    """What a client publishes, and how often it was asked for it."""

    text: str | bytes | None = FIRST
    max_age: int | None = None
    asked: list[str] = field(default_factory=list)

    def __call__(self, url):
        self.asked.append(url)
        if self.text is None:
            raise NotFetched
        text = self.text if isinstance(self.text, bytes) else self.text.encode()
        return Found(text, self.max_age)

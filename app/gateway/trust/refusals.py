"""Why a credential is not believed: told to the log, and never to who sent it."""


class NotBelieved(Exception):
    """A credential does not hold; `reason` is a word of ours and holds nothing of what was sent."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def require(holds: bool, reason: str) -> None:
    """Pass where something holds; raises NotBelieved."""
    if not holds:
        raise NotBelieved(reason)

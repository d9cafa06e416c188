"""Why something outside could not be reached."""

from enum import StrEnum


class Reason(StrEnum):
    """What went wrong; it never holds anything of the address or of the answer."""

    URL = "url"
    NAME = "name"
    FORBIDDEN_ADDRESS = "forbidden-address"
    CONNECTION = "connection"
    CERTIFICATE = "certificate"
    STATUS = "status"
    ENCODING = "encoding"
    TOO_LARGE = "too-large"
    TIMEOUT = "timeout"


class Unreachable(Exception):
    """Nothing usable came back from outside."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(str(reason))
        self.reason = reason

"""One document from outside: https, no redirect, no proxy, so many bytes, so many seconds.

Docs: docs/outbound.md.
"""

import re
import ssl
from dataclasses import dataclass
from http.client import HTTPException

from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError, SSLError

from app.outbound.connecting import Deadline, Guard, opened
from app.outbound.faults import Reason, Unreachable
from app.outbound.origins import Target, target_of

__all__ = ["Fetched", "Reason", "Unreachable", "fetch"]

_OK = 200
_CHUNK_BYTES = 16 * 1024
_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "identity",
    "Connection": "close",
    "User-Agent": "eclaims-gateway",
}
_MAX_AGE = re.compile(r'(?:^|,)\s*max-age\s*=\s*"?([0-9]{1,9})"?\s*(?=,|$)', re.IGNORECASE)
_NOT_KEPT = re.compile(r"(?:^|,)\s*no-(?:store|cache)\s*(?=[=,]|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came back. `max_age`: seconds that it may be kept by its own words; None without any."""

    body: bytes
    max_age: int | None


def fetch(url: str, *, most_bytes: int, seconds: float, guard: Guard | None = None) -> Fetched:
    """GET one document within `seconds`, all in all; raises Unreachable.

    `guard` None is the one that reaches the public internet, by https, on its own port.
    """
    target = target_of(url)
    deadline = Deadline(seconds)
    try:
        return _fetched(target, guard or Guard(), deadline, most_bytes)
    except Unreachable as fault:
        raise Unreachable(Reason.TIMEOUT if deadline.is_over else fault.reason) from None
    except (HTTPError, HTTPException, OSError, ValueError) as fault:
        raise Unreachable(_reason(fault, deadline)) from None
    finally:
        deadline.close()


def _fetched(target: Target, guard: Guard, deadline: Deadline, most_bytes: int) -> Fetched:
    connection = opened(target.origin, guard, deadline)
    try:
        connection.request(
            "GET", target.path, headers=_HEADERS, preload_content=False, decode_content=False
        )
        response = connection.getresponse()
        try:
            return _usable(response, deadline, most_bytes)
        finally:
            response.close()
    finally:
        connection.close()


def _usable(response: BaseHTTPResponse, deadline: Deadline, most_bytes: int) -> Fetched:
    """What is in an answer; raises Unreachable."""
    if response.status != _OK:
        raise Unreachable(Reason.STATUS)
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Unreachable(Reason.ENCODING)
    body = bytearray()
    while chunk := response.read(min(_CHUNK_BYTES, most_bytes + 1 - len(body))):
        body += chunk
        if len(body) > most_bytes:
            raise Unreachable(Reason.TOO_LARGE)
    # Cut at the deadline, an answer of unknown length looks as if it were whole.
    if deadline.is_over:
        raise Unreachable(Reason.TIMEOUT)
    return Fetched(bytes(body), _max_age(response.headers.get("Cache-Control", "")))


def _max_age(header: str) -> int | None:
    if _NOT_KEPT.search(header):
        return 0
    found = _MAX_AGE.search(header)
    return None if found is None else int(found[1])


def _reason(fault: Exception, deadline: Deadline) -> Reason:
    if deadline.is_over or isinstance(fault, TimeoutError):
        return Reason.TIMEOUT
    if isinstance(fault, (SSLError, ssl.SSLCertVerificationError)):
        return Reason.CERTIFICATE
    return Reason.CONNECTION

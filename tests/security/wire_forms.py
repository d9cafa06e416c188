"""Requests that no client sends: made of parts, each part a way to disagree about a message.

RFC 9112, sections 2 to 11; https://www.rfc-editor.org/rfc/rfc9112.html#section-11.2
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from tests.security.wire_values import (
    CODINGS,
    ENDS,
    EXTENSIONS,
    HEADERS,
    LENGTHS,
    METHODS,
    NAMES,
    SIZES,
    TARGETS,
    TRAILERS,
    VERSIONS,
)

PATH = b"/fhir/r4/Claim"
# What a second request would make that is hidden behind a first.
HIDDEN = "Patient"
END = b"\r\n"


@dataclass(frozen=True)
class Sent:
    """The bytes of one connection, and a name that says what is wrong with them."""

    name: str
    data: bytes


@dataclass(frozen=True)
class Parts:
    """What a request is made of: `host` and `credential` are header lines, with their ends."""

    host: bytes
    credential: bytes
    body: bytes

    def request(
        self,
        *lines: bytes,
        target: bytes = PATH,
        method: bytes = b"POST",
        version: bytes = b"HTTP/1.1",
        body: bytes | None = None,
        end: bytes = END,
    ) -> bytes:
        """A request with these header lines beside the plain ones; `body` as it stands."""
        start = method + b" " + target + b" " + version
        head = (start, self.host, self.credential, b"Content-Type: application/fhir+json", *lines)
        return end.join((*head, b"", b"")) + (self.body if body is None else body)

    @property
    def length(self) -> bytes:
        """The body's length, told rightly."""
        return b"Content-Length: %d" % len(self.body)

    def chunked(self, extension: bytes = b"", trailers: bytes = b"", end: bytes = END) -> bytes:
        """The body in one chunk."""
        size = b"%x" % len(self.body)
        return size + extension + end + self.body + end + b"0" + end + trailers + end


# What a second request is hidden in, for whoever ends the first one too early.
def _hidden(parts: Parts) -> bytes:
    patient = b'{"resourceType":"Patient"}'
    length = b"Content-Length: %d" % len(patient)
    return parts.request(length, target=f"/fhir/r4/{HIDDEN}".encode(), body=patient)


def singles(parts: Parts) -> Iterator[Sent]:
    """One thing wrong with each."""
    plain = parts.length
    for at, name in enumerate(NAMES):
        for coding in CODINGS:
            lines = (plain, name + b": " + coding)
            data = parts.request(*lines, body=parts.chunked() + _hidden(parts))
            yield Sent(f"length and coding {at} {coding!r}", data)
    for length in LENGTHS:
        line = b"Content-Length: " + length
        yield Sent(f"length {length!r}", parts.request(line))
        yield Sent(f"two lengths {length!r}", parts.request(plain, line))
        yield Sent(f"two lengths, reversed {length!r}", parts.request(line, plain))
    for kind, kept in (("target", TARGETS), ("method", METHODS), ("version", VERSIONS)):
        for value in kept:
            yield Sent(f"{kind} {value[:40]!r}", parts.request(plain, **{kind: value}))
    for target in TARGETS:
        data = parts.request(target=target, method=b"GET", body=b"")
        yield Sent(f"read {target[:40]!r}", data)
    for line in HEADERS:
        yield Sent(f"header {line[:50]!r}", parts.request(plain, line))
    yield from _chunks(parts)
    yield from _ends(parts)
    yield from _whole(parts)


def _chunks(parts: Parts) -> Iterator[Sent]:
    line = b"Transfer-Encoding: chunked"
    for extension in EXTENSIONS:
        yield Sent(
            f"extension {extension[:9]!r}", parts.request(line, body=parts.chunked(extension))
        )
    for end in ENDS:
        yield Sent(f"chunk end {end!r}", parts.request(line, body=parts.chunked(end=end)))
    for trailer in TRAILERS:
        body = parts.chunked(trailers=trailer)
        yield Sent(f"trailer {trailer!r}", parts.request(line, body=body))
    for size in SIZES:
        body = size + END + parts.body + END + b"0" + END + END
        yield Sent(f"size {size!r}", parts.request(line, body=body))


def _ends(parts: Parts) -> Iterator[Sent]:
    for end in ENDS:
        yield Sent(f"lines that end with {end!r}", parts.request(parts.length, end=end))


def _whole(parts: Parts) -> Iterator[Sent]:
    plain = parts.request(parts.length)
    many = b"".join(b"X-%d: a\r\n" % number for number in range(10_000))
    start = b"GET /fhir/r4/metadata HTTP/1.1\r\n" + parts.host + END
    yield Sent("10,000 headers", start + many + END)
    yield Sent("100 KB of headers", start + b"X: " + b"a" * 100_000 + END + END)
    yield Sent(
        "the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04" * 4
    )
    yield Sent("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 300)
    yield Sent("a request line alone", b"GET /fhir/r4/metadata\r\n\r\n")
    yield Sent("nothing but ends", END * 5000)
    yield Sent("nothing but zeros", b"\x00" * 5000)
    yield Sent("half of a request line", b"GET /fhir")
    yield Sent("half of a header", start + b"X-Half: ")
    yield Sent("half of a body", plain[: -len(parts.body) // 2])
    yield Sent("more than the body", plain + b"more")
    yield Sent("two that follow each other", plain + plain)
    yield Sent("fifty that follow each other", (start + END) * 50)
    yield Sent("ends before the request", END + END + plain)
    yield Sent("a space before the request", b" " + plain)
    yield Sent("a byte order mark", b"\xef\xbb\xbf" + plain)
    yield Sent("an answer", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    yield Sent("no host", plain.replace(parts.host + END, b""))
    yield Sent("no type", plain.replace(b"Content-Type: application/fhir+json\r\n", b""))


def pairs(parts: Parts, number: int, seed: int) -> Iterator[Sent]:
    """So many with several things wrong, drawn anew for each seed."""
    draw = random.Random(seed)
    codings = [name + b": " + coding for name in NAMES for coding in CODINGS]
    lengths = [b"Content-Length: " + length for length in (*LENGTHS, str(len(parts.body)).encode())]
    for nth in range(number):
        lines = draw.sample((*HEADERS, *codings, *lengths), draw.randint(1, 4))
        body = draw.choice(
            (parts.body, parts.chunked(), parts.chunked(draw.choice(EXTENSIONS)), b"")
        )
        data = parts.request(
            *lines,
            target=draw.choice((PATH, PATH, *TARGETS)),
            method=draw.choice((b"POST", b"GET", b"POST", *METHODS)),
            version=draw.choice((b"HTTP/1.1",) * 5 + VERSIONS),
            end=draw.choice((END,) * 8 + ENDS),
            body=body,
        )
        yield Sent(f"drawn {seed}/{nth}", data)

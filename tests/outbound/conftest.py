"""What the tests of calls share: an authority of their own, and a guard that trusts it."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from ipaddress import ip_network

import pytest
import trustme

from app.outbound.connecting import Guard
from tests.outbound.servers import Answering

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
NAME = "keys.example"


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """Signs certificates that the guard of a test trusts."""
    return trustme.CA()


@pytest.fixture
def serving(authority: trustme.CA) -> Iterator[Callable[..., Answering]]:
    """Starts a TLS server for `keys.example` that sends the pieces it is given."""
    with ExitStack() as stack:

        def start(*pieces: object, name: str = NAME, signed_by: trustme.CA = authority):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            signed_by.issue_cert(name).configure_cert(context)
            return stack.enter_context(Answering(pieces, context))

        yield start


@pytest.fixture
def trust(authority: trustme.CA) -> ssl.SSLContext:
    """Checks certificates by the test's authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(context)
    return context


@pytest.fixture
def guard(trust: ssl.SSLContext) -> Callable[..., Guard]:
    """A guard that may reach loopback on a server's port; every name is this machine."""

    def to(port: int, **arguments: object) -> Guard:
        given = {
            "ports": frozenset({port}),
            "allowed": LOOPBACK,
            "resolve": lambda _name: ["127.0.0.1"],
            "trust": trust,
        }
        return Guard(**{**given, **arguments})

    return to

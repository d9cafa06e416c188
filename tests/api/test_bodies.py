"""Bodies are read before a request takes a place: at most so many, and so much of them."""

from contextlib import ExitStack
from io import BytesIO

import pytest

from app.api.bodies import CHUNK_BYTES, TOKEN_PLACES, Bodies
from app.api.negotiation import OTHER_BYTES
from app.domain.issues import ErrorCode, Unacceptable


def a_request(body: bytes, length: int | None = None, **headers: str):
    declared = len(body) if length is None else length
    return {"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(declared), **headers}


def a_known(body: bytes = b"x", *, who: str = "known"):
    return a_request(body, HTTP_AUTHORIZATION=f"Bearer {who}")


def is_known(token: str) -> bool:
    return token.startswith("known")


def some(most: int, **given) -> Bodies:
    return Bodies(most, is_known, **given)


def refusal_of(bodies, request):
    with pytest.raises(Unacceptable) as refused, bodies.read(request):
        pass
    (issue,) = refused.value.issues
    return issue.error


class Unfinished:
    """A body that is read only once, and looks what is told of it meanwhile."""

    def __init__(self, look):
        self.look = look

    def read(self, _: int) -> bytes:
        self.look()
        return b"x"


def while_read(bodies, requests, look):
    """Look while all of these requests' bodies are being read."""
    if not requests:
        look()
        return
    first, *others = requests
    first["wsgi.input"] = Unfinished(lambda: while_read(bodies, others, look))
    with bodies.read(first):
        pass


def test_a_body_that_breaks_off_is_refused():
    assert refusal_of(some(2), a_request(b"abc", 4)) is ErrorCode.SLOW_BODY
    with some(2).read(request := a_request(b"abcd", 4)):
        assert request["wsgi.input"].read() == b"abcd"


def test_a_body_of_untold_length_is_refused_before_it_is_read():
    request = a_request(b"x", HTTP_TRANSFER_ENCODING="chunked")

    assert refusal_of(some(2), request) is ErrorCode.LENGTH
    assert request["wsgi.input"].tell() == 0
    with some(2).read(a_request(b"x")):
        pass


def test_one_more_than_may_be_read_at_once_is_refused():
    bodies, told = some(4), []
    clients = ["", "", "known", "known too"]

    def all_of_them():
        return [a_known(who=who) for who in clients]

    another = a_known(who="known as well")
    while_read(bodies, all_of_them(), lambda: told.append(refusal_of(bodies, another)))

    assert told == [ErrorCode.OVERLOADED]
    # Once they have arrived, others may.
    while_read(bodies, all_of_them(), lambda: told.append("read"))
    assert told == [ErrorCode.OVERLOADED, "read"]


@pytest.mark.parametrize(
    "stranger", [a_request(b"x"), a_known(who="made up")], ids=["of nobody", "of somebody made up"]
)
def test_half_of_the_places_are_for_who_is_known(stranger):
    bodies, told = some(4), []

    def look():
        told.append(refusal_of(bodies, stranger))
        with bodies.read(a_known()):
            told.append("read")

    while_read(bodies, [a_request(b"x") for _ in range(2)], look)

    assert told == [ErrorCode.LOGIN, "read"]
    with bodies.read(stranger):
        pass


def test_of_that_half_nobody_has_more_than_a_quarter_of_all():
    bodies, told = some(8), []

    def look():
        told.append(refusal_of(bodies, a_known()))
        with bodies.read(a_known(who="known too")):
            told.append("read")

    while_read(bodies, [a_request(b"x") for _ in range(4)] + [a_known(), a_known()], look)

    assert told == [ErrorCode.OVERLOADED, "read"]


def test_what_is_more_than_a_chunk_is_for_who_is_known():
    large = b"x" * (CHUNK_BYTES + 1)

    assert refusal_of(some(2), a_request(large)) is ErrorCode.LOGIN
    with some(2).read(request := a_known(large)):
        assert request["wsgi.input"].read() == large


def test_what_is_more_than_a_chunk_shares_the_room_until_it_is_done():
    bodies = some(9, room=2 * CHUNK_BYTES)
    large, small = b"x" * (2 * CHUNK_BYTES), b"x" * (CHUNK_BYTES - 1)

    with ExitStack() as held:
        held.enter_context(bodies.read(a_known(large)))
        assert refusal_of(bodies, a_known(large)) is ErrorCode.OVERLOADED
        held.enter_context(bodies.read(a_known(small)))
    with bodies.read(request := a_known(large)):
        assert request["wsgi.input"].read() == large


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 200_000])
def test_a_body_arrives_as_it_was_sent(size):
    body = bytes(range(256)) * (size // 256 + 1)
    request = a_known(body[:size])

    with some(2).read(request):
        assert request["wsgi.input"].read() == body[:size]


def test_what_says_that_it_is_too_long_is_left_to_be_refused():
    request = a_request(b"x", OTHER_BYTES + 1)

    with some(0).read(request):
        assert request["wsgi.input"].tell() == 0


def test_it_is_told_how_long_the_oldest_is_awaited():
    bodies, told = some(2), []

    assert bodies.oldest_seconds() is None
    while_read(bodies, [a_request(b"x")], lambda: told.append(bodies.oldest_seconds()))
    assert bodies.oldest_seconds() is None

    assert [seconds >= 0 for seconds in told] == [True]


def asking(address: str | None = None):
    """Somebody who asks for a token, from an address."""
    return a_request(b"x", PATH_INFO="/auth/token", REMOTE_ADDR=address)


def test_one_more_than_may_ask_for_a_token_at_once_is_refused():
    bodies, told = some(2), []

    def look():
        told.append(refusal_of(bodies, asking()))
        # They took nobody else's places.
        with bodies.read(a_request(b"x")):
            told.append("read")

    while_read(bodies, [asking() for _ in range(TOKEN_PLACES)], look)

    assert told == [ErrorCode.OVERLOADED, "read"]
    with bodies.read(asking()):
        pass


@pytest.mark.parametrize(
    ("first", "same", "another"),
    [
        ("192.0.2.1", "192.0.2.1", "192.0.2.2"),
        ("2001:db8:0:1::1", "2001:db8:0:1::2", "2001:db8:0:2::1"),
    ],
)
def test_of_those_that_ask_for_a_token_one_sender_is_a_quarter_at_most(first, same, another):
    """A sender is an address of IPv4, and a network of IPv6, of which one customer has a whole."""
    bodies, told = some(2, sender=lambda environ: environ["REMOTE_ADDR"]), []

    def look():
        told.append(refusal_of(bodies, asking(same)))
        with bodies.read(asking(another)), bodies.read(asking(None)):
            told.append("read")

    while_read(bodies, [asking(first) for _ in range(TOKEN_PLACES // 4)], look)

    assert told == [ErrorCode.OVERLOADED, "read"]
    with bodies.read(asking(same)):
        pass


def test_bodies_that_never_arrive_keep_nobody_from_asking_for_a_token():
    bodies, told = some(4), []

    def look():
        told.append(refusal_of(bodies, a_request(b"x", PATH_INFO="/fhir/r4/Task")))
        with bodies.read(asking()):
            told.append("read")

    while_read(bodies, [a_request(b"x"), a_request(b"x")], look)

    assert told == [ErrorCode.LOGIN, "read"]


def test_a_form_for_a_token_is_not_read_where_it_is_too_large_anyway():
    body = a_request(b"x" * CHUNK_BYTES, PATH_INFO="/auth/token")

    with some(2).read(body):
        assert len(body["wsgi.input"].read()) == CHUNK_BYTES

"""Bodies are read before a request takes a place: at most so many, and so much of them."""

from contextlib import ExitStack
from io import BytesIO

import pytest

from app.api.bodies import CHUNK_BYTES, Bodies
from app.api.negotiation import OTHER_BYTES
from app.domain.issues import ErrorCode, Unacceptable


def a_request(body: bytes, length: int | None = None, **headers: str):
    declared = len(body) if length is None else length
    return {"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(declared), **headers}


def chunked(body: bytes):
    return {"wsgi.input": BytesIO(body), "HTTP_TRANSFER_ENCODING": "chunked"}


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
        return b""


def test_a_body_that_breaks_off_is_refused():
    assert refusal_of(Bodies(1), a_request(b"abc", 4)) is ErrorCode.SLOW_BODY
    with Bodies(1).read(request := a_request(b"abcd", 4)):
        assert request["wsgi.input"].read() == b"abcd"


def test_one_more_than_may_be_read_at_once_is_refused():
    bodies, told = Bodies(1), []
    request = {"HTTP_TRANSFER_ENCODING": "chunked"}
    request["wsgi.input"] = Unfinished(lambda: told.append(refusal_of(bodies, a_request(b"x"))))

    # Once it has arrived, another may.
    with bodies.read(request), bodies.read(a_request(b"x")):
        pass

    assert told == [ErrorCode.OVERLOADED]


def test_what_is_more_than_a_chunk_shares_the_room_until_it_is_done():
    bodies = Bodies(9, room=2 * CHUNK_BYTES)
    large, small = b"x" * (2 * CHUNK_BYTES), b"x" * (CHUNK_BYTES - 1)

    with ExitStack() as held:
        held.enter_context(bodies.read(a_request(large)))
        assert refusal_of(bodies, a_request(large)) is ErrorCode.OVERLOADED
        held.enter_context(bodies.read(a_request(small)))
    with bodies.read(request := a_request(large)):
        assert request["wsgi.input"].read() == large


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 200_000])
@pytest.mark.parametrize("spelled", [a_request, chunked])
def test_a_body_arrives_as_it_was_sent(size, spelled):
    body = bytes(range(256)) * (size // 256 + 1)
    request = spelled(body[:size])

    with Bodies(1).read(request):
        assert request["wsgi.input"].read() == body[:size]


def test_what_says_that_it_is_too_long_is_left_to_be_refused():
    request = a_request(b"x", OTHER_BYTES + 1)

    with Bodies(0).read(request):
        assert request["wsgi.input"].tell() == 0


def test_what_turns_out_too_long_is_read_no_further_than_that_is_known():
    request = chunked(b"x" * (OTHER_BYTES + 5 * CHUNK_BYTES))

    with Bodies(1).read(request):
        read = len(request["wsgi.input"].read())
        assert OTHER_BYTES + 1 < read <= OTHER_BYTES + 2 * CHUNK_BYTES


def test_it_is_told_how_long_the_oldest_is_awaited():
    bodies, told = Bodies(1), []
    request = {"HTTP_TRANSFER_ENCODING": "chunked"}
    request["wsgi.input"] = Unfinished(lambda: told.append(bodies.oldest_seconds()))

    assert bodies.oldest_seconds() is None
    with bodies.read(request):
        assert bodies.oldest_seconds() is None

    assert [seconds >= 0 for seconds in told] == [True]

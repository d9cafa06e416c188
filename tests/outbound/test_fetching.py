"""A document from outside: what is refused of an answer, and what comes back."""

import pytest
import trustme

from app.outbound.fetching import Fetched, Reason, Unreachable, fetch
from tests.outbound.servers import Answering, http

KEYS = b'{"keys": []}'
SECONDS = 10.0


def fetched(port, guard, *, host="keys.example", most_bytes=1024, seconds=SECONDS, scheme="https"):
    return fetch(
        f"{scheme}://{host}:{port}/jwks?v=1", most_bytes=most_bytes, seconds=seconds, guard=guard
    )


def refused(port, guard, **arguments):
    with pytest.raises(Unreachable) as raised:
        fetched(port, guard, **arguments)
    assert raised.value.__cause__ is None
    assert str(raised.value) == raised.value.reason
    return raised.value.reason


# --- what is refused


@pytest.mark.parametrize(
    "status", ["201 Created", "204 No Content", "301 Moved", "404 Not Found", "500 Fault"]
)
def test_an_answer_other_than_200_is_refused(serving, guard, status):
    server = serving(http(KEYS, status=status))

    assert refused(server.port, guard(server.port)) is Reason.STATUS


def test_a_redirect_is_not_followed(serving, guard):
    there = serving(http(KEYS))
    here = serving(
        http(b"", f"Location: https://keys.example:{there.port}/jwks", status="302 Found")
    )
    guarding = guard(here.port, ports=frozenset({here.port, there.port}))

    assert refused(here.port, guarding) is Reason.STATUS
    assert there.asked == []
    assert fetched(there.port, guarding).body == KEYS


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param((), id="told"),
        pytest.param(("Transfer-Encoding: chunked",), id="chunked"),
        pytest.param(None, id="until-it-closes"),
    ],
)
def test_one_byte_more_than_may_be_is_refused(serving, guard, headers):
    body = b"x" * 1024

    def answer(body):
        if headers is None:
            return b"HTTP/1.1 200 OK\r\n\r\n" + body
        if headers:
            chunk = f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n"
            return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk
        return http(body)

    large, small = serving(answer(body + b"x")), serving(answer(body))

    assert refused(large.port, guard(large.port)) is Reason.TOO_LARGE
    assert fetched(small.port, guard(small.port)).body == body


def test_an_answer_without_end_is_left_alone_after_what_may_be(serving, guard):
    pieces = [b"HTTP/1.1 200 OK\r\n\r\n", *[b"x" * 65536] * 512]
    server = serving(*pieces)

    assert refused(server.port, guard(server.port)) is Reason.TOO_LARGE


def test_a_compressed_answer_is_refused(serving, guard):
    server = serving(http(KEYS, "Content-Encoding: gzip"))

    assert refused(server.port, guard(server.port)) is Reason.ENCODING
    plain = serving(http(KEYS, "Content-Encoding: identity"))
    assert fetched(plain.port, guard(plain.port)).body == KEYS


@pytest.mark.parametrize(
    "drips",
    [
        pytest.param(lambda pause: [http(b"", length=100), *[pause(b"x")] * 100], id="body"),
        pytest.param(
            lambda pause: [b"HTTP/1.1 200 OK\r\n\r\n", *[pause(b"x")] * 100], id="body-to-its-end"
        ),
        pytest.param(
            lambda pause: [b"HTTP/1.1 200 OK\r\n", *[pause(b"X-A: b\r\n")] * 100], id="headers"
        ),
        pytest.param(lambda pause: [pause(b"HTTP/1.1 100 Continue\r\n\r\n")] * 100, id="continue"),
    ],
)
def test_a_server_that_drips_is_cut_at_the_deadline(serving, guard, drips):
    server = None

    def pause(piece):
        def slowly():
            server.pause(0.1)
            return piece

        return slowly

    server = serving(*drips(pause))

    assert refused(server.port, guard(server.port), seconds=0.5) is Reason.TIMEOUT


def test_a_server_that_never_shakes_hands_is_cut_at_the_deadline(guard):
    with Answering([http(KEYS)], None) as server:
        assert refused(server.port, guard(server.port), seconds=0.5) is Reason.TIMEOUT


def test_a_resolver_that_never_answers_is_not_waited_for(serving, guard):
    server = serving(http(KEYS))

    def never(_name):
        server.pause(SECONDS)
        return ["127.0.0.1"]

    asked = guard(server.port, resolve=never)
    assert refused(server.port, asked, seconds=0.3) is Reason.TIMEOUT
    assert server.asked == []


@pytest.mark.parametrize(
    ("name", "is_ours"),
    [
        pytest.param("other.example", True, id="of-another-name"),
        pytest.param("keys.example", False, id="of-an-unknown-authority"),
    ],
)
def test_a_certificate_that_does_not_fit_is_refused(serving, guard, authority, name, is_ours):
    signed_by = authority if is_ours else trustme.CA()
    wrong, right = serving(http(KEYS), name=name, signed_by=signed_by), serving(http(KEYS))

    assert refused(wrong.port, guard(wrong.port)) is Reason.CERTIFICATE
    assert wrong.asked == []
    assert fetched(right.port, guard(right.port)).body == KEYS


def test_an_answer_that_is_no_http_is_refused(serving, guard):
    server = serving(b"SSH-2.0-OpenSSH_9.9\r\n")

    assert refused(server.port, guard(server.port)) is Reason.CONNECTION


def test_less_than_was_told_is_refused(serving, guard):
    server = serving(http(KEYS, length=len(KEYS) + 1))

    assert refused(server.port, guard(server.port)) is Reason.CONNECTION


def test_a_name_that_means_nothing_is_refused(guard):
    def unknown(_name):
        raise OSError

    assert refused(443, guard(443, resolve=unknown)) is Reason.NAME


def test_another_port_is_refused(serving, guard):
    server = serving(http(KEYS))

    assert refused(server.port, guard(443)) is Reason.URL
    assert fetched(server.port, guard(server.port)).body == KEYS


def test_plain_http_is_refused_unless_an_argument_allows_it(guard):
    with Answering([http(KEYS)], None) as server:
        assert refused(server.port, guard(server.port), scheme="http") is Reason.URL
        assert server.asked == []
        allowed = guard(server.port, plain=True)
        assert fetched(server.port, allowed, scheme="http").body == KEYS


# --- what is done


@pytest.mark.parametrize(
    ("headers", "max_age"),
    [
        ((), None),
        (("Cache-Control: max-age=300",), 300),
        (("Cache-Control: public, Max-Age=60, must-revalidate",), 60),
        (("Cache-Control: max-age=300, no-store",), 0),
        (("Cache-Control: no-cache",), 0),
        (("Cache-Control: s-max-age=5, x-max-age=7",), None),
        (("Cache-Control: max-age=-1",), None),
        (("Cache-Control: max-age=" + "9" * 40,), None),
    ],
)
def test_a_document_comes_back_with_the_time_it_may_be_kept(serving, guard, headers, max_age):
    server = serving(http(KEYS, *headers))

    assert fetched(server.port, guard(server.port)) == Fetched(KEYS, max_age)


def test_the_name_is_asked_for_and_no_more_is_told_than_needed(serving, guard):
    server = serving(http(KEYS))

    fetched(server.port, guard(server.port))

    [asked] = server.asked
    first, *headers = asked.strip().split("\r\n")
    assert first == "GET /jwks?v=1 HTTP/1.1"
    assert sorted(headers) == [
        "Accept-Encoding: identity",
        "Accept: application/json",
        "Connection: close",
        f"Host: keys.example:{server.port}",
        "User-Agent: eclaims-gateway",
    ]


def test_the_second_address_is_tried_where_the_first_does_not_answer(serving, guard):
    server = serving(http(KEYS))

    asked = guard(server.port, resolve=lambda _name: ["127.0.0.2", "127.0.0.1"])

    assert fetched(server.port, asked).body == KEYS


def test_a_proxy_of_the_environment_is_passed_by(serving, guard, monkeypatch):
    server = serving(http(KEYS))
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    assert fetched(server.port, guard(server.port)).body == KEYS

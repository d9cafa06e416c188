"""No spelling of an address that is not public leads to a connection.

https://owasp.org/API-Security/editions/2023/en/0xa7-server-side-request-forgery/
"""

import socket
from dataclasses import replace

import pytest

from app.outbound import addresses
from app.outbound.connecting import Guard, connected, resolved
from app.outbound.fetching import Reason, Unreachable, fetch
from app.outbound.origins import Origin, origin_of, target_of
from tests.outbound.servers import Answering, Sink, http

SECONDS = 5.0
PUBLIC = "93.184.215.14"
PUBLIC_6 = "2606:2800:21f:cb07:6820:80da:af6b:8b2c"

# As they stand in a URL between scheme and port.
HOSTS = [
    # IPv4 that is not public
    "127.0.0.1",
    "127.1.2.3",
    "127.255.255.254",
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.254",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    # The same loopback in other numerals and lengths
    "2130706433",
    "017700000001",
    "0x7f000001",
    "0X7F000001",
    "0x7f.0x0.0x0.0x1",
    "0x7f.1",
    "0177.0.0.1",
    "0177.0.0.01",
    "00127.0.0.1",
    "127.0.0.01",
    "127.1",
    "127.0.1",
    "127.65537",
    "0",
    "0x0",
    "1.2.3.0x7f",
    "127.0.0.1.",
    "127。0。0。1",
    "１２７.0.0.1",
    "①②⑦.⓪.⓪.①",
    "127%2e0%2e0%2e1",
    "%31%32%37.0.0.1",
    # IPv6 that is not public
    "[::1]",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    "[0000:0000:0000:0000:0000:0000:0000:0001]",
    "[::0.0.0.1]",
    "[::127.0.0.1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:127.0.0.1]",
    "[::ffff:0:127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[2002:a9fe:a9fe::1]",
    "[2001:0:7f00:1::]",
    "[2001:0:4136:e378:8000:63bf:80ff:fffe]",
    "[2001:10::1]",
    "[2001:20::1]",
    "[2001:db8::1]",
    "[3ffe::1]",
    "[3fff::1]",
    "[5f00::1]",
    "[100::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "[fe80::1%25lo]",
    "[fe80::1%lo]",
    "[::1%lo]",
    "[::1%251]",
    "[fec0::1]",
    "[ff02::1]",
    "[ff0e::1]",
    "[v1.::1]",
    "[127.0.0.1]",
    "::1",
    # Names
    "localhost",
    "LOCALHOST",
    "localhost.",
    "ｌｏｃａｌｈｏｓｔ",
    "loc%61lhost",
    "loopback.example",
    "one-of-two.example",
    "six.example",
    "zone.example",
    "mapped.example",
    "nonsense.example",
    "a" * 64 + ".example",
    "-loopback.example",
    "loopback.example.",
    "löopback.example",
    "*.example",
    "loopback_.example:80:",
    # Who reads this otherwise than we do
    "public.example@127.0.0.1",
    "public.example:secret@127.0.0.1",
    "127.0.0.1\\@public.example",
    "public.example\\@127.0.0.1",
    "public.example%40127.0.0.1",
    "public.example#@127.0.0.1",
    "public.example@@127.0.0.1",
    "@127.0.0.1",
    "public.example 127.0.0.1",
    "public.example\t127.0.0.1",
    "127.0.0.1\r\nHost: public.example\r\n",
    "127.0.0.1\x00.public.example",
    "",
]
MEANING = {
    "loopback.example": ["127.0.0.1"],
    "one-of-two.example": [PUBLIC, "127.0.0.1"],
    "six.example": [PUBLIC_6, "::1"],
    "zone.example": ["fe80::1%lo"],
    "mapped.example": ["::ffff:127.0.0.1"],
    "nonsense.example": ["everything"],
    "public.example": [PUBLIC, PUBLIC_6],
}


def resolve(name):
    """What the test's names mean; what has another spelling goes to the machine's own resolver."""
    return MEANING[name] if name in MEANING else resolved(name)


class Internet:
    """Stands for the public internet, of which a test sees nothing: who was to be connected to.

    A public address is a server on this machine, or nobody; any other is what it is.
    """

    def __init__(self, server: Answering | None = None) -> None:
        self.asked: list[str] = []
        self._server = server

    def connect(self, address: str, port: int, seconds: float) -> socket.socket:
        self.asked.append(address)
        if not addresses.is_public(addresses.read(address)):
            return connected(address, port, seconds)
        if self._server is None:
            raise ConnectionRefusedError
        return connected("127.0.0.1", self._server.port, seconds)


@pytest.fixture
def sink():
    with Sink() as started:
        yield started


def reason(url, guard):
    with pytest.raises(Unreachable) as raised:
        fetch(url, most_bytes=1024, seconds=SECONDS, guard=guard)
    return raised.value.reason


def test_there_are_sixty_spellings_and_more():
    assert len(set(HOSTS)) == len(HOSTS) > 60


@pytest.mark.parametrize("host", HOSTS, ids=ascii)
def test_a_forbidden_address_is_not_connected_to_however_it_is_spelled(host, sink):
    internet = Internet()
    guard = Guard(ports=frozenset({sink.port, 80, 443}), resolve=resolve, connect=internet.connect)
    urls = [f"https://{host}:{sink.port}/", f"https://{host}/", f"https://{host}"]

    reasons = {reason(url, guard) for url in urls}

    assert reasons <= {Reason.URL, Reason.FORBIDDEN_ADDRESS}
    assert internet.asked == []
    assert sink.connections() == 0


def test_the_sink_counts_who_connects(sink):
    for address in ("127.0.0.1", "::1"):
        connected(address, sink.port, SECONDS).close()

    assert sink.connections() == 2
    assert sink.connections() == 0


@pytest.mark.parametrize(
    "url",
    [
        "http://public.example/",
        "ftp://public.example/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:80/_GET",
        "//public.example/",
        "public.example",
        "https:public.example",
        "https:///public.example",
        "https://public.example:0/",
        "https://public.example:65536/",
        "https://public.example:443443/",
        "https://public.example:22/",
        "https://public.example:/x/",
        "https://public.example/#f",
        "https://public.example/\n",
        " https://public.example/",
        "https://public.example/" + "x" * 2048,
        "",
    ],
    ids=ascii,
)
def test_an_address_of_another_kind_is_not_called(url):
    internet = Internet()

    assert reason(url, Guard(resolve=resolve, connect=internet.connect)) is Reason.URL
    assert internet.asked == []


def test_a_name_is_resolved_once_and_that_address_is_connected_to(sink, serving, trust):
    """DNS rebinding: the first answer is public, every later one is this machine."""
    server = serving(http(b"{}"), name="rebinding.example")
    answers = iter([[PUBLIC]])
    asked = []

    def rebinding(name):
        asked.append(name)
        return next(answers, ["127.0.0.1", "::1"])

    internet = Internet(server)
    guard = Guard(
        ports=frozenset({sink.port}), resolve=rebinding, connect=internet.connect, trust=trust
    )
    url = f"https://rebinding.example:{sink.port}/"

    assert fetch(url, most_bytes=10, seconds=SECONDS, guard=guard).body == b"{}"
    assert (asked, internet.asked) == (["rebinding.example"], [PUBLIC])
    # Asked again it means this machine, and is refused.
    assert reason(url, guard) is Reason.FORBIDDEN_ADDRESS
    assert internet.asked == [PUBLIC]
    assert sink.connections() == 0


@pytest.mark.parametrize(
    "where",
    ["https://127.0.0.1:{}/", "https://[::1]:{}/", "http://localhost:{}/", "//127.0.0.1:{}/"],
)
@pytest.mark.parametrize("status", ["301 A", "302 B", "303 C", "307 D", "308 E"])
def test_a_redirect_to_this_machine_is_not_followed(sink, serving, trust, where, status):
    server = serving(
        http(b"", f"Location: {where.format(sink.port)}", status=status), name="public.example"
    )
    internet = Internet(server)
    guard = Guard(resolve=resolve, connect=internet.connect, trust=trust)

    assert reason("https://public.example/", guard) is Reason.STATUS
    assert internet.asked == [PUBLIC]
    assert sink.connections() == 0


# --- what is done


@pytest.mark.parametrize("host", ["public.example", PUBLIC, f"[{PUBLIC_6}]", "PUBLIC.example"])
def test_a_public_address_is_connected_to(serving, trust, host):
    internet = Internet(serving(http(b"{}"), name=host.strip("[]").lower()))
    guard = Guard(resolve=resolve, connect=internet.connect, trust=trust)

    found = fetch(f"https://{host}/", most_bytes=10, seconds=SECONDS, guard=guard)

    assert found.body == b"{}"
    assert len(internet.asked) == 1


@pytest.mark.parametrize("name", ["loopback.example", "one-of-two.example"])
def test_the_same_name_is_called_where_an_argument_allows_it(serving, guard, name):
    server = serving(http(b"{}"), name=name)
    allowed = guard(server.port, resolve=lambda asked: MEANING[asked][-1:])
    closed = replace(allowed, allowed=())
    url = f"https://{name}:{server.port}/"

    assert reason(url, closed) is Reason.FORBIDDEN_ADDRESS
    assert server.asked == []
    assert fetch(url, most_bytes=10, seconds=SECONDS, guard=allowed).body == b"{}"


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("https://a.example/x", "https://A.example:443/y?z", True),
        ("https://a.example", "https://a.example.evil.example", False),
        ("https://a.example", "https://a.example:444", False),
        ("https://a.example", "http://a.example:443", False),
        ("https://[2606:2800::0:1]", "https://[2606:2800::1]:443/", True),
    ],
)
def test_origins_are_compared_not_beginnings_of_text(one, other, is_same):
    assert (origin_of(one) == origin_of(other)) is is_same


def test_what_is_asked_of_an_origin_is_path_and_query():
    target = target_of("https://keys.example:8443/a%20b;c?d=e&f")

    assert target.origin == Origin("https", "keys.example", 8443)
    assert target.path == "/a%20b;c?d=e&f"
    assert target_of("https://keys.example?x").path == "/?x"

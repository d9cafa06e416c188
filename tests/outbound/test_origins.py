"""URLs are read as others read them, or refused: no two programs see two hosts in one."""

from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from urllib3.util import parse_url

from app.outbound import addresses
from app.outbound.faults import Reason, Unreachable
from app.outbound.origins import Origin, origin_of, target_of

# What parsers of URLs have been told apart by.
MARKS = "https:/ http:/ / // \\ @ : ? # % [ ] . .. ; , & = * _ - %2e %00 %0d%0a %40".split()
HOSTS = "a.example b.example 127.0.0.1 [::1] 0x7f.1 2130706433 localhost xn--bcher-kva.example"
ODD = ["80", "443", "65536", "user", "pass", " ", "\t", "\r\n", "\x00", "。", "ß"]
PIECES = st.sampled_from([*MARKS, *HOSTS.split(), *ODD])
URLS = st.builds(
    "{}{}{}".format,
    st.sampled_from(["https://", "http://", "https:/", "//", ""]),
    st.sampled_from([*HOSTS.split(), "a.example:443", "a.example/", ""]),
    st.lists(PIECES, max_size=3).map("".join),
)


def read(url):
    """Where a URL leads to; None where it is refused."""
    try:
        return target_of(url)
    except Unreachable as refusal:
        if refusal.reason is not Reason.URL:
            raise
        return None


# Six of seven are refused: the others are what this is about.
@settings(derandomize=True, max_examples=60, suppress_health_check=[HealthCheck.filter_too_much])
@given(URLS)
def test_what_is_read_is_read_alike_by_other_readers(url):
    target = read(url)
    assume(target is not None)

    origin = target.origin
    standard, other = urlsplit(url), parse_url(url)
    spelled = f"[{origin.host}]" if ":" in origin.host else origin.host
    assert (standard.scheme, f"[{standard.hostname}]" if ":" in spelled else standard.hostname) == (
        origin.scheme,
        spelled,
    )
    assert (other.scheme, other.host) == (origin.scheme, spelled)
    ports = {standard.port, other.port} - {None}
    assert ports <= {origin.port}
    assert (standard.username, other.auth, other.fragment) == (None, None, None)


@settings(derandomize=True, max_examples=300)
@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text):
    found = [read(one) for one in (text, f"https://{text}", f"https://a.example/{text}")]

    assert all(one is None or one.origin.host for one in found)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://keys.example", Origin("https", "keys.example", 443)),
        ("HTTPS://Keys.Example:8443/a", Origin("https", "keys.example", 8443)),
        ("http://keys.example", Origin("http", "keys.example", 80)),
        ("https://93.184.215.14/", Origin("https", "93.184.215.14", 443)),
        ("https://[2606:2800:0:0::1]/", Origin("https", "2606:2800::1", 443)),
        ("https://xn--bcher-kva.example/", Origin("https", "xn--bcher-kva.example", 443)),
        ("https://a_b.keys-1.example/", Origin("https", "a_b.keys-1.example", 443)),
    ],
)
def test_an_address_in_its_usual_spelling_is_read(url, origin):
    assert origin_of(url) == origin
    assert origin.address == addresses.read(origin.host)

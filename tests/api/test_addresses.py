"""Which address a request comes from."""

from ipaddress import ip_network

import pytest

from app.api.addresses import sender_address, sender_of
from app.gateway.trust.terms import Terms

TRUSTED = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


@pytest.mark.parametrize(
    ("remote", "forwarded", "address"),
    [
        pytest.param("192.0.2.7", "", "192.0.2.7", id="no-proxy"),
        pytest.param("192.0.2.7", "198.51.100.1", "192.0.2.7", id="said-by-anybody"),
        pytest.param("10.0.0.5", "198.51.100.1", "198.51.100.1", id="said-by-a-proxy"),
        pytest.param("10.0.0.5", "9.9.9.9, 198.51.100.1", "198.51.100.1", id="made-up-before-it"),
        pytest.param(
            "10.0.0.5", "9.9.9.9, 198.51.100.1, 10.0.0.6", "198.51.100.1", id="two-proxies"
        ),
        pytest.param("::ffff:10.0.0.5", "198.51.100.1", "198.51.100.1", id="mapped"),
        pytest.param("fd00::5", "2001:db8::1", "2001:db8::1", id="ipv6"),
        pytest.param("10.0.0.5", "", None, id="proxy-that-says-nothing"),
        pytest.param("10.0.0.5", "198.51.100.1:5678", "198.51.100.1", id="port"),
        pytest.param("10.0.0.5", "[2001:db8::1]:5678", "2001:db8::1", id="ipv6-and-port"),
        pytest.param("10.0.0.5", "[2001:db8::1]", "2001:db8::1", id="ipv6-in-brackets"),
        pytest.param("10.0.0.5", "198.51.100.1, x, 10.0.0.6", "10.0.0.6", id="one-that-is-none"),
        pytest.param("10.0.0.5", "10.0.0.6, 10.0.0.7", "10.0.0.6", id="proxies-alone"),
        pytest.param("10.0.0.5", "x" * 1000, None, id="no-address"),
        pytest.param(None, "198.51.100.1", "", id="no-remote"),
    ],
)
def test_the_sender_is_the_last_that_is_no_proxy_of_ours(remote, forwarded, address):
    assert sender_address(remote, forwarded, TRUSTED) == address


def test_the_header_is_the_one_that_the_terms_name():
    named = Terms(address_header="ClientAddress", trusted_proxies=TRUSTED)
    sent = {
        "REMOTE_ADDR": "10.0.0.5",
        "HTTP_CLIENTADDRESS": "198.51.100.1",
        "HTTP_X_FORWARDED_FOR": "198.51.100.2",
    }

    assert sender_of(named)(sent) == "198.51.100.1"
    assert sender_of(Terms(trusted_proxies=TRUSTED))(sent) == "198.51.100.2"
    assert sender_of(Terms(trusted_proxies=TRUSTED))({"REMOTE_ADDR": "10.0.0.5"}) is None


def test_without_proxies_nobody_is_believed():
    assert sender_address("10.0.0.5", "198.51.100.1", ()) == "10.0.0.5"

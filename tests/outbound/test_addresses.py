"""Which addresses are public: at the edges of what is not."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.outbound.addresses import is_public, read

# By the registries of IANA; 2000::/3 alone is routed.
CLOSED = """
0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24
192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24
168.63.129.16/32
""".split()
CLOSED_6 = "2001::/23 2001:db8::/32 2002::/16 3ffe::/16 3fff::/20 2620:4f:8000::/48".split()
NOT_ROUTED = "::/3 4000::/2 8000::/1".split()


@pytest.mark.parametrize("network", [*CLOSED, "224.0.0.0/4", "240.0.0.0/4"])
def test_the_first_and_the_last_of_a_closed_network_are_not_public(network):
    closed = IPv4Network(network)

    assert [is_public(closed[at]) for at in (0, -1)] == [False, False]


@pytest.mark.parametrize("network", CLOSED[1:])
def test_the_neighbours_of_a_closed_network_are_public(network):
    closed = IPv4Network(network)
    others = [IPv4Network(one) for one in CLOSED]
    beside = [IPv4Address(int(closed[0]) - 1), IPv4Address(int(closed[-1]) + 1)]

    open_ones = [one for one in beside if not any(one in other for other in others)]
    assert open_ones != []
    assert [one for one in open_ones if not is_public(one)] == []


@pytest.mark.parametrize("network", [*CLOSED_6, *NOT_ROUTED])
def test_the_first_and_the_last_of_a_closed_ipv6_network_are_not_public(network):
    closed = IPv6Network(network)

    assert [is_public(closed[at]) for at in (0, -1)] == [False, False]


@pytest.mark.parametrize(
    "text", ["2001:200::", "2003::1", "2606:4700::1111", "2a00:1450:4001::200e", "3ffd:ffff::1"]
)
def test_what_is_routed_is_public(text):
    assert is_public(ip_address(text))


@settings(derandomize=True, max_examples=300)
@given(st.integers(0, 2**32 - 1))
def test_no_ipv4_address_becomes_public_by_being_written_as_ipv6(number):
    four = IPv4Address(number)

    wrapped = [
        IPv6Address((prefix << 32) | number)
        for prefix in (0, 0xFFFF, 0xFFFF0000, 0x64FF9B << 64, (0x64FF9B << 64) | (1 << 48))
    ]
    wrapped += [IPv6Address((0x2002 << 112) | (number << 80))]
    assert not any(map(is_public, wrapped))
    # And what is public is so by the standard library as well.
    assert not is_public(four) or four.is_global


@pytest.mark.parametrize(
    "text",
    ["", "1.2.3", "01.2.3.4", "1.2.3.4.", "0x1.2.3.4", "::1%", "1.2.3.4/8", "\uff11.2.3.4", "x"],
)
def test_what_is_no_address_is_none(text):
    assert read(text) is None

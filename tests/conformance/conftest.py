"""Fixtures of the conformance tests."""

import pytest

from tests.conformance.standings import Standings


@pytest.fixture
def standings(wire, core, worker, rows, installation) -> Standings:
    """Claims in each state of the protocol."""
    return Standings(wire, core, worker, rows, installation)

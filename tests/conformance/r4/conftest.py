"""Fixtures of R4's lines."""

from typing import Any

import pytest

from tests.builders import a_claim
from tests.conformance.r4.asking import a_patient, created
from tests.wire import Reply, Wire


@pytest.fixture
def patient(wire: Wire) -> Reply:
    """A Patient of the submitter's."""
    return created(wire, a_patient())


@pytest.fixture
def claim(wire: Wire) -> Reply:
    """A Claim of the submitter's."""
    return created(wire, a_claim())


@pytest.fixture
def capabilities(wire: Wire) -> dict[str, Any]:
    """What the server says it can do with each type."""
    [rest] = wire.get("metadata").document["rest"]
    return {one["type"]: one for one in rest["resource"]}

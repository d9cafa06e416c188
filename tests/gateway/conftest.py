"""Clients at the gateway."""

import pytest

from app.domain.parties import Client
from app.gateway.installation import Installation
from tests.builders import a_coverage
from tests.conftest import Registry
from tests.gateway.desk import Desk


@pytest.fixture
def desk(installation: Installation, submitter: Client) -> Desk:
    """The submitter "Happy Valley"."""
    return Desk(installation, submitter)


@pytest.fixture
def stranger(installation: Installation, registry: Registry) -> Desk:
    """Another submitter of the same payer."""
    return Desk(installation, registry.submitter("Stranger").client)


@pytest.fixture
def core(installation: Installation, registry: Registry) -> Desk:
    """The payer's own program."""
    return Desk(installation, registry.payer_client().client)


@pytest.fixture
def insured(core: Desk) -> Desk:
    """The payer keeps the Coverage of member M1."""
    core.create(a_coverage())
    return core

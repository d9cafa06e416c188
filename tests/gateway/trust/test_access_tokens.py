"""What a token of our own, or of an issuer that is believed, lets its client do."""

from dataclasses import replace

import pytest

from app.domain.permissions import EVERYTHING, Permissions
from app.gateway.administering.administration import Administration
from tests.gateway.trust.test_external_issuer import a_token, named
from tests.security.keyed import Keyed

WIDE = "system/Claim.rs system/Patient.rs"
NARROW = Permissions.parse("system/Patient.rs")


def own(http, installation, registry):
    """A client with a token of ours."""
    keyed = Keyed.register(http, installation, registry.payer)
    return keyed, keyed.token(scope=WIDE)


def theirs(_http, installation, registry):
    """A client with a token of the issuer that is believed."""
    keyed = named(installation, registry)
    return keyed, a_token(keyed, scope=WIDE)


def registered_for(keyed, permissions):
    Administration(keyed.installation).set_permissions(
        replace(keyed.client, permissions=permissions)
    )


@pytest.mark.parametrize("issued", [own, theirs])
def test_a_token_allows_what_its_client_is_registered_for_by_now(
    http, installation, registry, issued
):
    keyed, token = issued(http, installation, registry)
    assert keyed.read(token).status == 200

    registered_for(keyed, NARROW)
    refused = keyed.read(token)
    assert (refused.status, refused.errors) == (403, ["ECG-SCOPE"])
    assert keyed.wire(token).get("Patient").status == 200

    registered_for(keyed, EVERYTHING)
    assert keyed.read(token).status == 200
    # No more than the token says, either.
    assert keyed.wire(token).get("Coverage").errors == ["ECG-SCOPE"]

"""Keys at an address outside are read through the guard of calls to the outside."""

import pytest

from app import create_installation, settings
from app.gateway.trust.fetched_keys import NotFetched


def test_no_key_is_fetched_from_an_address_of_this_machine(tmp_path):
    settings.write(tmp_path, None)
    installation = create_installation(settings.read(tmp_path, {}))

    with pytest.raises(NotFetched) as refused:
        installation.terms.fetch("https://127.0.0.1/jwks.json")

    installation.store.close()
    assert str(refused.value) == "forbidden-address"

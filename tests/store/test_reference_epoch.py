"""The count of a payer's changes of reference data."""

import pytest

from app.domain.parties import Payer
from app.store.parties import Parties
from tests.builders import NOW
from tests.store.scopes import FOREIGN, MINE, PAYERS


@pytest.fixture(autouse=True)
def payers(connection):
    for id in (MINE.payer_id, FOREIGN.payer_id):
        Parties(connection).add_payer(Payer(id, id), NOW)


def test_it_goes_up_for_its_own_payer(view, connection):
    for _ in range(3):
        view(PAYERS).reference_epoch.advance()

    assert view(MINE).reference_epoch.held() == 3
    assert view(FOREIGN).reference_epoch.held() == 0
    assert Parties(connection).find_payer(MINE.payer_id).reference_epoch == 3

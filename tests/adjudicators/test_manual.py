"""The adjudicator that leaves everything to a person."""

import pytest

from app.adjudicators.manual import ManualAdjudicator
from app.domain.adjudication import Awaiting, Deferred
from tests.adjudicators.builders import a_line, a_request


@pytest.mark.parametrize("is_last_call", [False, True])
def test_an_operator_decides_every_claim(is_last_call):
    request = a_request(a_line(1, "100.00"), is_last_call=is_last_call)

    assert ManualAdjudicator().adjudicate(request) == Deferred(
        Awaiting.OPERATOR, "An operator of the payer decides this Claim.", until=None
    )

"""Reference data that comes in while a Claim begins to wait for it is never missed."""

import threading

import pytest
from sqlalchemy import event

from app.domain.lifecycle import State
from app.domain.parties import Scope
from app.fhir import json_text
from app.gateway.administering import reference_data
from tests.builders import COVERAGE_SYSTEM, a_claim, a_coverage, identifier


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_a_coverage_that_comes_while_the_wait_is_written_ends_it(
    desk, insured, installation, payer, worker
):
    member = {"identifier": identifier(COVERAGE_SYSTEM, "M9")}
    taken = desk.create(a_claim(coverage=member))
    coverage = a_coverage("M9")
    loading = threading.Thread(
        target=lambda: installation.write(
            Scope(payer.id),
            lambda work: reference_data.keep(coverage, json_text.write(coverage), "load", work),
        )
    )

    def load_now(_connection, _cursor, statement, *_rest):
        """The settling transaction has read the count: now the load tries to come in before it."""
        if "FOR SHARE" in statement and loading.ident is None:
            loading.start()
            loading.join(1.0)

    engine = installation.store.engine
    event.listen(engine, "after_cursor_execute", load_now)
    try:
        worker.drain()
    finally:
        event.remove(engine, "after_cursor_execute", load_now)
    loading.join(30.0)
    worker.drain()

    assert not loading.is_alive()
    assert desk.submission(taken).state is State.PAYABLE

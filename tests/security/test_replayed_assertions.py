"""One assertion, sent by many at the same moment, gives one token."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import func, select

from app.store import tables
from tests.security.keyed import Keyed

THREADS = 60


@pytest.mark.parametrize(
    "replays", [THREADS, pytest.param(1020, marks=pytest.mark.soak)], ids="{} replays".format
)
def test_an_assertion_that_is_sent_by_many_at_once_gives_one_token(
    app, http, installation, registry, figures, replays
):
    keyed = Keyed.register(http, installation, registry.payer)
    assertion, begin = keyed.assertion(), Barrier(THREADS)

    def send(_):
        client = app.test_client()
        begin.wait()
        form = keyed.form(assertion)
        each = range(replays // THREADS)
        return [client.post("/auth/token", data=form).status_code for _ in each]

    with ThreadPoolExecutor(THREADS) as pool:
        answers = Counter(status for found in pool.map(send, range(THREADS)) for status in found)
    figures |= {f"answers {status}": count for status, count in sorted(answers.items())}

    query = select(func.count()).select_from(tables.used_assertion)
    assert answers[200] == 1
    # Too many at once may be told to come again; nobody else is told anything but no.
    assert answers.keys() <= {200, 401, 503}
    assert answers.total() == replays
    assert installation.store.read(lambda on: on.execute(query).scalar_one()) == 1
    assert keyed.ask().status_code == 200

"""How long a backup and a restore take of a larger database: figures, and that nothing is missing.

The Claims are written straight as rows: their texts, and what they are found by. Nothing was
decided, so an installation of as many Claims is several times as large; the bytes are told.
"""

import time

import pytest

from app.domain.parties import Payer
from app.gateway.administering.administration import Administration
from app.store import tables
from benchmarks.search import rows as rows_of
from benchmarks.search import write
from tests.cli.conftest import Eclaims, written_settings
from tests.cli.installations import PROGRAMS
from tests.rows import Rows

pytestmark = [pytest.mark.usefixtures("database"), pytest.mark.soak]

AT_ONCE = 10_000


@pytest.fixture(params=[100_000], ids="{} Claims".format)
def filled(request, store, installation):
    """So many Claims of one payer."""
    Administration(installation).add_payer(Payer("payer", "Payer"), is_default=True)
    for start in range(0, request.param, AT_ONCE):
        given = rows_of(range(start, start + AT_ONCE))
        store.write(lambda rows, given=given: [write(rows, *one) for one in given.items()])
    store.close()
    return request.param


def timed(eclaims, *words):
    began = time.monotonic()
    told = eclaims.json(*words)
    return round(time.monotonic() - began, 1), told


def test_a_larger_database_is_backed_up_and_restored(
    backend, database, store, filled, tmp_path, figures
):
    eclaims = written_settings(Eclaims(tmp_path / "instance"), database)
    copy = tmp_path / "copy"

    figures["seconds to back up"], told = timed(eclaims, "backup", copy, *PROGRAMS)
    restoring = ("restore", copy, "--replace", *PROGRAMS)
    figures["seconds to restore (RTO, of this size)"], _ = timed(eclaims, *restoring)
    figures |= {"database": backend, "Claims": filled, "rows": sum(told["rows"].values())}
    figures["bytes of the backup"] = told["bytes"]
    figures["lost of what was confirmed before the restore point (RPO)"] = (
        filled - Rows(store).counts()["resource"]
    )

    assert told["rows"]["resource"] == filled
    assert Rows(store).counts() == {
        name: count for name, count in told["rows"].items() if name != tables.audit.name
    }

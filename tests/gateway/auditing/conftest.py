"""An audit that is written, sealed, and forged."""

import pytest
from sqlalchemy import text

from app.domain.parties import Scope
from app.gateway.auditing.verifying import verified
from app.gateway.jobs.seal_audit import INTERVAL, Sealing
from app.store import tables
from app.store.audit import Event
from tests.wire import Wire

AN_EVENT = Event("client", "cancel", "completed", "Claim", "C1", "T1", "request-1")


@pytest.fixture
def write(installation, payer):
    """Writes rows of the audit, in one transaction each time."""

    def write(number=1, scope=None):
        for _ in range(number):
            installation.write(scope or Scope(payer.id), lambda work: work.audit.add(AN_EVENT))

    return write


@pytest.fixture
def sealing(installation):
    return Sealing(installation)


@pytest.fixture
def sealed(rows, payer):
    """Of each seal the number, its first and last row, and how many."""

    def sealed():
        names = ("number", "first_seq", "last_seq", "rows")
        kept = rows.of(tables.audit_seal, payer_id=payer.id)
        return [tuple(row[name] for name in names) for row in kept]

    return sealed


@pytest.fixture
def found(installation, payer):
    """What is not as it was."""

    def found(**expected):
        wanted = {int(name[1:]): digest for name, digest in expected.items()}
        return [(one.kind, one.at) for one in verified(installation, payer, wanted).found]

    return found


@pytest.fixture
def last_seq(rows):
    return lambda: rows.of(tables.audit)[-1]["seq"]


@pytest.fixture
def forged(store):
    """Runs a statement as somebody who has the database and takes the guards away first."""

    def forged(statement, **values):
        def run(connection):
            if connection.dialect.name == "postgresql":
                connection.execute(text("SET LOCAL session_replication_role = replica"))
                return connection.execute(text(statement), values).rowcount
            triggers = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
            guards = connection.execute(text(triggers)).all()
            for name, _ in guards:
                connection.execute(text(f"DROP TRIGGER {name}"))
            changed = connection.execute(text(statement), values).rowcount
            for _, sql in guards:
                connection.exec_driver_sql(sql)
            return changed

        changed = store.write(run)
        assert changed > 0, statement

    return forged


@pytest.fixture
def three_seals(write, sealing, clock, sealed):
    """Fifteen rows under three seals, and two that are not sealed yet."""
    for _ in range(3):
        write(5)
        sealing.tick()
        clock.forward(seconds=INTERVAL.total_seconds())
    write(2)
    return sealed()


@pytest.fixture
def auditor(http, registry):
    """A program of the payer's over HTTP, which reads AuditEvents."""
    return Wire(http, registry.payer_client("Auditor").token)

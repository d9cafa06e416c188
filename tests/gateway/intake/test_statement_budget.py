"""What a submitted Claim costs the database in statements: few, however many lines it has."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, event

from tests.builders import a_claim

# Who asks, the replay key, the identifier, what it refers to and what refers to it, then all rows.
MOST = 7
_NOT_COUNTED = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that are executed meanwhile; many rows by one are one."""
    statements: list[str] = []

    def note(_connection, _cursor, statement, *_):
        if not statement.startswith(_NOT_COUNTED):
            statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@pytest.mark.parametrize("lines", [3, 100])
def test_a_claim_takes_few_statements_however_many_lines_it_has(wire, insured, lines):
    # What a connection makes only once, for rows of this shape, is none of a Claim's.
    wire.post("Claim", a_claim(prices=["80.00"] * lines, number="1"))
    claim = a_claim(prices=["80.00"] * lines, number="2")

    with counted() as statements:
        reply = wire.post("Claim", claim)

    assert reply.status == 201
    assert len(statements) <= MOST, statements


def test_the_same_claim_again_writes_nothing(wire, backend):
    claim = a_claim()
    first = wire.post("Claim", claim)

    with counted() as statements:
        again = wire.post("Claim", claim)

    assert (again.status, again.reference) == (200, first.reference)
    written = [one for one in statements if one.startswith(("INSERT", "WITH", "UPDATE", "DELETE"))]
    # The key is asked for by trying to take it.
    assert [one.split()[2] for one in written] == ["replay_key"]

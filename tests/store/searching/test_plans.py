"""How the databases go about it: by the index that leads, and one probe for each candidate."""

import pytest
from sqlalchemy import event

from app.domain.search.query import (
    Chained,
    Comparator,
    DateMatch,
    Has,
    Missing,
    ReferenceMatch,
    ReferredTo,
    Search,
    SortKey,
    SortKind,
    TextMatch,
    TokenMatch,
)
from app.store.database import direct
from tests.store.scopes import MINE, PAYERS
from tests.store.searching.world import day, token


def coded(name, code):
    return Has((name,), (TokenMatch(code),))


NUMBER, STATUS = coded("identifier", "1"), coded("status", "active")
PATIENT = Has(("patient",), (ReferenceMatch("Patient", "1"),))
ON_DAY = Has(("created",), (DateMatch(Comparator.EQUAL, day(1), day(2)),))
SINCE = Has(("created",), (DateMatch(Comparator.GREATER_OR_EQUAL, day(1), day(2)),))
UPDATED = Has(("_lastUpdated",), (DateMatch(Comparator.GREATER, day(1), day(2)),))
NAMED = Has(("name",), (TextMatch("hospital"),))
BY_STATUS = {MINE: "ix_search_token_value", PAYERS: "ix_search_token_payer"}
EVERYTHING = {MINE: "ix_resource_owner", PAYERS: "sqlite_autoindex_resource_1"}

BY_PATIENTS_NUMBER = Chained("patient", ("Patient",), (NUMBER,))

# What is asked for, what leads, and what is probed: by the key in every case.
LEADS = {
    "identifier": ((STATUS, NUMBER), BY_STATUS),
    "status": ((STATUS,), BY_STATUS),
    "several": ((Has(("status",), (TokenMatch("a"), TokenMatch("b"))),), BY_STATUS),
    "many": ((Has(("status",), tuple(TokenMatch(str(n)) for n in range(20))),), BY_STATUS),
    "patient and day": ((ON_DAY, PATIENT), "ix_search_reference_target"),
    "patient since": ((SINCE, PATIENT), "ix_search_reference_target"),
    "day": ((STATUS, ON_DAY), "ix_search_date_value"),
    "name": ((STATUS, NAMED), "ix_search_string_value"),
    "last change": ((UPDATED,), "ix_resource_version_history"),
    "since": ((SINCE,), EVERYTHING),
    "missing": ((Missing("created", True),), EVERYTHING),
    "nothing": ((), EVERYTHING),
    "patient's number": ((BY_PATIENTS_NUMBER,), "ix_search_reference_target"),
    "patient's state": ((Chained("patient", ("Patient",), (STATUS,)),), EVERYTHING),
    "referring state": ((ReferredTo("Task", "focus", (STATUS,)),), EVERYTHING),
}  # fmt: skip


def plans(world, connection, scope, search):
    """What a database says of the first statement of a page, a line for each step."""
    sent = []

    def note(_connection, _cursor, statement, parameters, _context, _many):
        sent.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", note)
    try:
        world.seen_by(scope).search.page(search, 20)
    finally:
        event.remove(connection, "before_cursor_execute", note)
    explain = "EXPLAIN QUERY PLAN " if connection.dialect.name == "sqlite" else "EXPLAIN "
    statement, parameters = sent[0]
    if isinstance(parameters, dict):
        rows = connection.exec_driver_sql(explain + statement, parameters).all()
    else:
        rows = direct.fetched(connection, explain + statement, parameters)
    return [row[-1] for row in rows]


@pytest.mark.parametrize("scope", [MINE, PAYERS], ids=["submitter", "payer"])
@pytest.mark.parametrize("asked", LEADS)
def test_what_leads_to_few_leads_and_the_others_are_probed(world, connection, scope, asked):
    conditions, leads = LEADS[asked]

    plan = plans(world, connection, scope, Search("Claim", conditions))

    if connection.dialect.name == "postgresql":
        # No statistics yet, so which index is not told; but no EXISTS has become a join.
        assert not any("Join" in line for line in plan if asked != "patient's number")
        return
    leading = leads if isinstance(leads, str) else leads[scope]
    steps = [line for line in plan if line.startswith(("SEARCH", "SCAN"))]
    assert f"INDEX {leading} " in steps[0], plan
    for step in steps[1:]:
        by_key = ("resource_id=?", "id=?", "target_id=?", "SCAN anon", f"INDEX {leading} ")
        assert any(part in step for part in by_key), plan


def test_values_of_an_order_are_looked_up_by_the_key(world, connection):
    world.add("Claim/1", token("status", "active"))
    order = (SortKey("created", SortKind.DATE), SortKey("name", SortKind.STRING, True))

    plan = plans(world, connection, MINE, Search("Claim", (STATUS,), order))

    if connection.dialect.name == "sqlite":
        steps = [line for line in plan if "search_date" in line or "search_string" in line]
        assert len(steps) == 2
        assert all("resource_id=? AND name=?" in step for step in steps)
    else:
        assert any("search_date" in line for line in plan)

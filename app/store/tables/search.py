"""What resources are found by: narrow rows, one for each value of each search parameter.

Codes, identifiers and addresses are kept as keyed hashes; texts, dates and numbers have to be
ordered and stand as they are, and go with their resource when it is purged.
"""

from typing import Any

from sqlalchemy import Column, Index, Integer, String, Table, Text

from app.store.tables.columns import Hash, Id, metadata
from app.store.types import Instant, Ordered, Sorted

LONGEST_NAME = 255
_LEADING = ("payer_id", "type", "name")
_TRAILING = ("submitter_id", "resource_id")


def _entries(table: str, *value: Column[Any] | Index, by: str | None = None) -> Table:
    """A table of entries: by their resource to probe and to forget, by value to be found.

    A submitter's matches stand in the order of their ids in the index.
    """
    index = () if by is None else (Index(f"ix_{table}_value", *_LEADING, by, *_TRAILING),)
    return Table(
        table,
        metadata,
        Column("payer_id", Id, primary_key=True),
        Column("type", String(64), primary_key=True),
        Column("resource_id", Id, primary_key=True),
        Column("name", String(LONGEST_NAME), primary_key=True),
        # A resource may have several values under one name.
        Column("position", Integer, primary_key=True),
        Column("submitter_id", Id),
        *value,
        *index,
        sqlite_with_rowid=False,
    )


search_token = _entries(
    "search_token",
    Column("code_hash", Hash, nullable=False),
    Column("system_hash", Hash, nullable=False),
    # Only of codes that the specification itself requires: those tell of nobody.
    Column("sort_key", String(64)),
    # The payer's side reads the matches of all submitters in the order of their ids.
    Index("ix_search_token_payer", *_LEADING, "code_hash", "resource_id"),
    by="code_hash",
)

search_reference = _entries(
    "search_reference",
    Column("target_type", String(64), nullable=False),
    Column("target_id", Id, nullable=False),
    # What refers to a resource is also asked without a name: may it be deleted?
    Index(
        "ix_search_reference_target",
        "payer_id",
        "target_id",
        "target_type",
        "type",
        "name",
        "resource_id",
        "submitter_id",
    ),
)

search_date = _entries(
    "search_date",
    Column("low", Instant, nullable=False),
    Column("high", Instant, nullable=False),
    by="low",
)

search_string = _entries(
    "search_string",
    Column("normal", Sorted(200), nullable=False),
    Column("exact", Text, nullable=False),
    by="normal",
)

search_number = _entries(
    "search_number",
    Column("low", Ordered, nullable=False),
    Column("high", Ordered, nullable=False),
    Column("code_hash", Hash),
    Column("system_hash", Hash),
    by="low",
)

SEARCH_TABLES = (search_token, search_reference, search_date, search_string, search_number)

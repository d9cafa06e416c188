"""What resources are found by, how each version came about, deletion, and who a Claim is from.

What is there already is indexed by `eclaims db reindex`: that reads every resource.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

# Spelled here and not taken from the code: a revision must not change when the code does.
INSTANT = sa.String(32).with_variant(sa.DateTime(timezone=True), "postgresql")
SORTED = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
ORDERED = sa.String(34).with_variant(sa.String(34, collation="C"), "postgresql")
ID = sa.String(64)
HASH = sa.String(64)

revision = "0005"
down_revision = "0004"

_TABLES = ("search_token", "search_reference", "search_date", "search_string", "search_number")


def upgrade() -> None:
    """Apply."""
    tokens = (_given("code_hash", HASH), _given("system_hash", HASH))
    _create("search_token", *tokens, sa.Column("sort_key", sa.String(64)), by=("code_hash",))
    targets = (_given("target_type", sa.String(64)), _given("target_id", ID))
    _create("search_reference", *targets)
    _create("search_date", _given("low", INSTANT), _given("high", INSTANT), by=("low",))
    texts = (_given("normal", SORTED), _given("exact", sa.Text()))
    _create("search_string", *texts, by=("normal",))
    numbers = (_given("low", ORDERED), _given("high", ORDERED))
    units = (sa.Column("code_hash", HASH), sa.Column("system_hash", HASH))
    _create("search_number", *numbers, *units, by=("low",))
    op.create_index(
        "ix_search_reference_target",
        "search_reference",
        ["payer_id", "target_id", "target_type", "type", "name", "resource_id", "submitter_id"],
    )
    op.create_index(
        "ix_search_token_payer",
        "search_token",
        ["payer_id", "type", "name", "code_hash", "resource_id"],
    )
    op.create_index("ix_resource_owner", "resource", ["payer_id", "type", "submitter_id", "id"])
    op.add_column("submission", sa.Column("providers", sa.Text(), nullable=True))
    op.add_column("resource", sa.Column("deleted_at", INSTANT, nullable=True))
    op.add_column("resource_version", sa.Column("method", sa.String(8), nullable=True))
    op.create_index(
        "ix_resource_version_history", "resource_version", ["payer_id", "type", "updated_at"]
    )


def downgrade() -> None:
    """Take back: what was deleted is there again, in its last version that has content."""
    op.drop_index("ix_resource_owner", table_name="resource")
    op.drop_index("ix_resource_version_history", table_name="resource_version")
    op.execute("DELETE FROM resource_version WHERE method = 'DELETE'")
    op.execute(
        "UPDATE resource SET version = (SELECT max(version) FROM resource_version v WHERE "
        "v.payer_id = resource.payer_id AND v.type = resource.type AND v.id = resource.id) "
        "WHERE deleted_at IS NOT NULL"
    )
    op.drop_column("submission", "providers")
    op.drop_column("resource_version", "method")
    op.drop_column("resource", "deleted_at")
    for table in _TABLES:
        op.drop_table(table)


def _given(name: str, type_: Any) -> sa.Column[Any]:
    return sa.Column(name, type_, nullable=False)


def _create(table: str, *value: sa.Column[Any], by: Sequence[str] = ()) -> None:
    key = ("payer_id", "type", "resource_id", "name", "position")
    op.create_table(
        table,
        _given("payer_id", ID),
        _given("type", sa.String(64)),
        _given("resource_id", ID),
        _given("name", sa.String(255)),
        _given("position", sa.Integer()),
        sa.Column("submitter_id", ID),
        *value,
        sa.PrimaryKeyConstraint(*key, name=op.f(f"pk_{table}")),
        sqlite_with_rowid=False,
    )
    if by:
        columns = ["payer_id", "type", "name", *by, "submitter_id", "resource_id"]
        op.create_index(f"ix_{table}_value", table, columns)

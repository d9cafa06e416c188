"""Polls and statuses are found by their age, so that they need not be kept for ever."""

from app.store.migrations.online import create_index, drop_index

revision = "0013"
down_revision = "0012"

_INDEX = "ix_task_asked"


def upgrade() -> None:
    """Apply."""
    create_index(
        _INDEX, "task", ["payer_id", "created_at", "id"], where="code IN ('poll', 'status')"
    )


def downgrade() -> None:
    """Take back: nothing is lost."""
    drop_index(_INDEX, "task")

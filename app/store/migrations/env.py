"""Alembic's entry: runs revisions on the connection it is handed."""

from alembic import context

from app.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    compare_type=True,
    # What is broken off is at a revision, not between two. SQLite is handed one transaction.
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()

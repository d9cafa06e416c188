"""The schema's history, by Alembic: one path for SQLite and PostgreSQL."""

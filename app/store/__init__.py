"""Rows: what is kept, on SQLite and on PostgreSQL. The only layer that speaks SQL."""

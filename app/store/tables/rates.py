"""How often clients and addresses did what may be done so often."""

from sqlalchemy import BigInteger, Boolean, Column, Table

from app.store.tables.columns import Hash, metadata

# On PostgreSQL it is unlogged: no commit waits for the disk, and a crash of the server empties it,
# which gives everybody a full bucket.
rate_bucket = Table(
    "rate_bucket",
    metadata,
    # A keyed hash of what is counted and of whom: no address is kept.
    Column("name", Hash, primary_key=True),
    # Microseconds since 1970, by the clock of the database.
    Column("full_at", BigInteger, nullable=False),
    # Whether the latest to ask was let in: what one statement writes for itself to return.
    Column("is_taken", Boolean, nullable=False),
)

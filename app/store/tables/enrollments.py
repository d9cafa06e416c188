"""What EnrollmentRequests did to the payer's own Coverages."""

from sqlalchemy import Column, Integer, Table

from app.domain.enrollment import Action
from app.store.tables.columns import Id, metadata
from app.store.types import Code

# One request changes at most one Coverage; `version` is the one that it wrote.
enrollment = Table(
    "enrollment",
    metadata,
    Column("payer_id", Id, primary_key=True),
    Column("submission_id", Id, primary_key=True),
    Column("submitter_id", Id, nullable=False),
    Column("coverage_id", Id, nullable=False),
    Column("action", Code(Action), nullable=False),
    Column("version", Integer, nullable=False),
)

"""A Communication comes in and is kept, with what it is about.

http://hl7.org/fhir/R4/communication.html
"""

from collections.abc import Mapping
from typing import Any

from app.domain.codes import Outcome
from app.domain.lifecycle import State
from app.domain.parties import Client
from app.store.resources import Stored
from app.store.submissions import Submission
from app.store.unit_of_work import UnitOfWork


def take(
    document: Mapping[str, Any],
    stored: Stored,
    client: Client,
    base: str,
    work: UnitOfWork,
    is_handed_over: bool,
) -> None:
    """Keep it as something that can be cancelled and asked about; nothing answers it."""
    work.submissions.add(
        Submission(
            type=stored.type,
            id=stored.id,
            submitter_id=client.id,
            state=State.STORED,
            epoch=1,
            created_at=work.now,
            outcome=Outcome.COMPLETE,
        )
    )

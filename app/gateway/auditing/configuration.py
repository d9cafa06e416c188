"""What an operator changes of an installation, in the audit: clients, payers, rules, keys."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from app.store.audit import Audit, Event
from app.store.hashing import Hasher

REGISTER, DISABLE, CONFIGURE = "register", "disable", "configure"
OPERATOR = "operator"

# Writes the row on the connection of the change, so that there is neither without the other.
Change = Callable[[Any, datetime, Hasher], None]


def changed(payer_id: str, action: str, type: str, id: str) -> Change:
    """What tells of a change: of a Client, a Payer, or a key of the payer's."""

    def write(connection: Any, now: datetime, hasher: Hasher) -> None:
        event = Event(OPERATOR, action, "done", type, id)
        Audit(connection, payer_id, now, hasher).add(event)

    return write

"""Priority `stat`: decided while the sender waits, within the payer's budget.

http://terminology.hl7.org/CodeSystem/processpriority
"""

from app.domain.parties import Client
from app.gateway.intake.outcome import Taken
from app.gateway.jobs.worker import Worker
from app.store.engine import Busy, CommitUnknown, DiskFull
from app.telemetry import log


def tried(worker: Worker, client: Client, taken: Taken, *, is_handed_over: bool = False) -> None:
    """Decide at once what was taken in as urgent; it is stored already, so nothing can be lost."""
    if taken.urgent is None or not taken.is_new or not client.payer.settings.real_time_budget:
        return
    try:
        worker.decide_now(taken.urgent, client.payer, is_handed_over=is_handed_over)
    except (Busy, CommitUnknown, DiskFull) as fault:
        # The sender is answered as for any other priority, and the clock has its turn.
        log.warning("not decided at once", error_class=type(fault).__name__)

"""The tables. Every key leads with the payer, so that rows can be divided by it.

Resource text lives in `resource_version` alone; the other tables are narrow and are what is
searched, locked and counted. Migrations create what is declared here; a test compares the two.
"""

from app.store.tables.audit import audit, audit_seal
from app.store.tables.clocks import clock
from app.store.tables.columns import metadata
from app.store.tables.decisions import decision, decision_source
from app.store.tables.delivery import Delivery, handed_over, pended, queue_head
from app.store.tables.encryption import data_key, wrapping_key
from app.store.tables.enrollments import enrollment
from app.store.tables.money import (
    Entry,
    Measure,
    counter_entry,
    counter_holder,
    reservation,
    reservation_entry,
    reservation_line,
)
from app.store.tables.parties import client, payer
from app.store.tables.payments import (
    payable_carried,
    payable_entry,
    payable_settled,
    payee_ledger,
    payment,
    payment_brought,
    payment_detail,
    payment_left_out,
    payment_quarantine,
)
from app.store.tables.rates import rate_bucket
from app.store.tables.resources import business_identifier, resource, resource_version
from app.store.tables.search import (
    SEARCH_TABLES,
    search_date,
    search_number,
    search_reference,
    search_string,
    search_token,
)
from app.store.tables.submissions import (
    live_identifier,
    mention,
    reissue,
    replay_key,
    submission,
    task,
    tombstone,
)
from app.store.tables.trust import client_keys, signing_key, used_assertion
from app.store.tables.work import JobState, calendar_slot, job

__all__ = [
    "SEARCH_TABLES",
    "Delivery",
    "Entry",
    "JobState",
    "Measure",
    "audit",
    "audit_seal",
    "business_identifier",
    "calendar_slot",
    "client",
    "client_keys",
    "clock",
    "counter_entry",
    "counter_holder",
    "data_key",
    "decision",
    "decision_source",
    "enrollment",
    "handed_over",
    "job",
    "live_identifier",
    "mention",
    "metadata",
    "payable_carried",
    "payable_entry",
    "payable_settled",
    "payee_ledger",
    "payer",
    "payment",
    "payment_brought",
    "payment_detail",
    "payment_left_out",
    "payment_quarantine",
    "pended",
    "queue_head",
    "rate_bucket",
    "reissue",
    "replay_key",
    "reservation",
    "reservation_entry",
    "reservation_line",
    "resource",
    "resource_version",
    "search_date",
    "search_number",
    "search_reference",
    "search_string",
    "search_token",
    "signing_key",
    "submission",
    "task",
    "tombstone",
    "used_assertion",
    "wrapping_key",
]

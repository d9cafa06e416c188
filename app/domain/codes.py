"""The codes of the protocol, each with one meaning; raw code strings never leave `app.fhir`.

http://hl7.org/fhir/R4/financial-module.html
"""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, order=True)
class Coding:
    """One coded value; a coding without a system keeps `system` None."""

    system: str | None
    code: str
    display: str | None = None

    @property
    def key(self) -> str:
        """How two codings are compared: system and code, never the display."""
        return f"{self.system or ''}|{self.code}"


class TaskCode(StrEnum):
    """What a Task asks for."""

    CANCEL = "cancel"
    NULLIFY = "nullify"
    RELEASE = "release"
    REPROCESS = "reprocess"
    STATUS = "status"
    POLL = "poll"
    DELIVER = "deliver"


class InputType(StrEnum):
    """What a Task.input means."""

    INCLUDE = "include"
    EXCLUDE = "exclude"
    ORIGRESPONSE = "origresponse"
    REFERENCE = "reference"
    ITEM = "item"
    PERIOD = "period"
    STATUS = "status"
    COUNT = "count"
    ACK = "ack"
    RESOURCE = "resource"


class OutputType(StrEnum):
    """What a Task.output tells."""

    RESPONSE = "response"
    STATUS = "status"
    RESOURCE_STATUS = "resource-status"
    DISPOSITION = "disposition"
    TOTAL = "total"
    AWAITING = "awaiting"
    DUE = "due"
    ALLOWED = "allowed"
    ERROR = "error"
    REMAINING = "remaining"
    AMOUNT = "amount"
    RECEIPT = "receipt"


class TaskStatus(StrEnum):
    """Where a Task stands: http://hl7.org/fhir/task-status."""

    REQUESTED = "requested"
    REJECTED = "rejected"
    IN_PROGRESS = "in-progress"
    FAILED = "failed"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class BusinessStatus(StrEnum):
    """What a Task waits for, or what is still being done: our CodeSystem `business-status`."""

    AWAITING_ADJUDICATION = "awaiting-adjudication"
    AWAITING_APPROVAL = "awaiting-approval"
    PURGE_PENDING = "purge-pending"
    PURGE_VERIFIED = "purge-verified"


class ClaimUse(StrEnum):
    """What a Claim asks for: http://hl7.org/fhir/claim-use."""

    CLAIM = "claim"
    PREAUTHORIZATION = "preauthorization"
    PREDETERMINATION = "predetermination"


class Outcome(StrEnum):
    """What a response says of its processing: http://hl7.org/fhir/remittance-outcome."""

    QUEUED = "queued"
    COMPLETE = "complete"
    ERROR = "error"
    PARTIAL = "partial"


class Cause(StrEnum):
    """Why a decision made again differs from the earlier one: our CodeSystem `change-cause`."""

    RULES = "rules"
    REQUEST = "request"
    RECEIVED = "received"
    PATIENT = "patient"
    COVERAGE = "coverage"
    PLAN = "plan"
    NETWORK = "network"
    PRICE = "price"
    OTHER_CLAIMS = "other-claims"
    REVIEW = "review"
    AUTHORIZATION = "authorization"
    OTHER_PAYER = "other-payer"
    COUNTERS = "counters"
    ATTACHMENTS = "attachments"
    LAST_CALL = "last-call"
    LINES = "lines"
    NOT_KEPT = "not-kept"
    OTHER = "other"


class FinancialStatus(StrEnum):
    """Status of every financial resource: http://hl7.org/fhir/fm-status."""

    ACTIVE = "active"
    CANCELLED = "cancelled"
    DRAFT = "draft"
    ENTERED_IN_ERROR = "entered-in-error"


class HandOver(StrEnum):
    """When an answer counts as delivered: as the poll commits, or once acknowledged."""

    ON_HANDOVER = "on-handover"
    ACKNOWLEDGED = "acknowledged"

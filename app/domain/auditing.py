"""What the audit tells, in the words of AuditEvent: its letters, and what was refused.

http://hl7.org/fhir/R4/valueset-audit-event-action.html
"""

from collections.abc import Mapping
from types import MappingProxyType

from app.domain.canonical import CANONICAL
from app.domain.codes import TaskCode

# What is only looked at, by its interaction; all else that is audited is an effect or a denial.
READ, VREAD, HISTORY, HISTORY_OF_TYPE, HISTORY_OF_ALL, SEARCH = (
    "read",
    "vread",
    "history-instance",
    "history-type",
    "history-system",
    "search-type",
)
ACCESSES = frozenset({READ, VREAD, HISTORY, HISTORY_OF_TYPE, HISTORY_OF_ALL, SEARCH})
# What comes of an access that is not refused.
SHOWN = "shown"
DENIED = "denied"
TOKEN = "token"  # noqa: S105  an action, no secret

# By action and outcome, by action alone where that decides; whatever else happens is EXECUTED.
LETTERS: Mapping[tuple[str, str | None], str] = MappingProxyType(
    {
        ("create", None): "C",
        ("register", None): "C",
        ("load", "added"): "C",
        (READ, None): "R",
        (VREAD, None): "R",
        (HISTORY, None): "R",
        (HISTORY_OF_TYPE, None): "R",
        (HISTORY_OF_ALL, None): "R",
        ("load", "replaced"): "U",
        ("update", None): "U",
        ("patch", None): "U",
        ("configure", None): "U",
        ("delete", None): "D",
    }
)
EXECUTED = "E"

# http://hl7.org/fhir/R4/valueset-audit-event-type.html, as system and code; REST but for tokens.
REST = ("http://terminology.hl7.org/CodeSystem/audit-event-type", "rest")
AUTHENTICATION = ("http://dicom.nema.org/resources/ontology/DCM", "110114")
CLIENTS = f"{CANONICAL}/client"
_TASK_CODES = f"{CANONICAL}/CodeSystem/task-code"
_INTERACTIONS = "http://hl7.org/fhir/restful-interaction"
# The interaction that something came by, where it was one of a client's.
INTERACTIONS = ACCESSES | {"create", "update", "patch", "delete"}

# http://hl7.org/fhir/R4/valueset-audit-event-outcome.html
SUCCESS, MINOR_FAILURE = "0", "4"
REFUSALS = frozenset({"rejected", "failed"})
# So begins the catalogue id of an error: it stands where what was asked was not given.
ERROR = "ECG-"


# Of which codes each system of AuditEvent.subtype is; other actions are in none.
SUBTYPES: Mapping[str, frozenset[str]] = MappingProxyType(
    {_INTERACTIONS: INTERACTIONS, _TASK_CODES: frozenset(TaskCode)}
)


def subtype_system(action: str) -> str | None:
    """The code system that an action is a code of; None for those that are ours alone."""
    return next((system for system, codes in SUBTYPES.items() if action in codes), None)


def letter(action: str, outcome: str) -> str:
    """The letter of AuditEvent.action."""
    return LETTERS.get((action, outcome)) or LETTERS.get((action, None)) or EXECUTED


def is_refusal(action: str, outcome: str) -> bool:
    """Whether what was asked was not given."""
    return action == DENIED or outcome in REFUSALS or outcome.startswith(ERROR)

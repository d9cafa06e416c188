"""The gateway's own canonical addresses: names, never hosts to call.

The CodeSystems and StructureDefinitions behind them are readable under the FHIR base.
"""

CANONICAL = "https://eclaims-gateway.org/fhir"


def code_system(name: str) -> str:
    """The canonical of one of our CodeSystems."""
    return f"{CANONICAL}/CodeSystem/{name}"


def extension(name: str) -> str:
    """The canonical of one of our extensions."""
    return f"{CANONICAL}/StructureDefinition/{name}"


def operation_definition(name: str) -> str:
    """The canonical of one of our operations."""
    return f"{CANONICAL}/OperationDefinition/{name}"


TASK_CODES = code_system("task-code")
TASK_INPUTS = code_system("task-input")
TASK_OUTPUTS = code_system("task-output")
ERRORS = code_system("error")
AWAITING = code_system("awaiting")
TAGS = code_system("tag")
BUSINESS_STATUSES = code_system("business-status")
ADJUDICATION = code_system("adjudication")
PLAN = code_system("plan")
CHANGE_CAUSES = code_system("change-cause")

HL7_ADJUDICATION = "http://terminology.hl7.org/CodeSystem/adjudication"
CARC = "https://x12.org/codes/claim-adjustment-reason-codes"

PREDECESSOR = extension("predecessor")
REISSUE_REASON = extension("reissue-reason")
CHANGE_CAUSE = extension("change-cause")
EXPRESSION = extension("expression")
RETRYABLE = extension("retryable")
OR_MORE = extension("or-more")
LEFT_TO_PAY = extension("left-to-pay")
DELIVERY_COUNT = extension("delivery-count")

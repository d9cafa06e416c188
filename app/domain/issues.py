"""What can be wrong with a request: the error catalogue, and one `Issue` per finding.

http://hl7.org/fhir/R4/operationoutcome.html
"""

from dataclasses import dataclass, field
from enum import Enum, StrEnum


class IssueType(StrEnum):
    """The kinds of issue: http://hl7.org/fhir/issue-type."""

    INVALID = "invalid"
    STRUCTURE = "structure"
    REQUIRED = "required"
    VALUE = "value"
    INVARIANT = "invariant"
    LOGIN = "login"
    FORBIDDEN = "forbidden"
    NOT_SUPPORTED = "not-supported"
    DUPLICATE = "duplicate"
    MULTIPLE_MATCHES = "multiple-matches"
    NOT_FOUND = "not-found"
    DELETED = "deleted"
    TOO_LONG = "too-long"
    CODE_INVALID = "code-invalid"
    TOO_COSTLY = "too-costly"
    BUSINESS_RULE = "business-rule"
    CONFLICT = "conflict"
    EXCEPTION = "exception"
    NO_STORE = "no-store"
    LOCK_ERROR = "lock-error"
    TIMEOUT = "timeout"
    THROTTLED = "throttled"
    INFORMATIONAL = "informational"


class Severity(StrEnum):
    """How grave an issue is: http://hl7.org/fhir/issue-severity."""

    FATAL = "fatal"
    ERROR = "error"
    WARNING = "warning"
    INFORMATION = "information"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the catalogue: a stable id, FHIR's kind, the status on plain REST, its meaning."""

    id: str
    type: IssueType
    status: int
    meaning: str
    retryable: bool = False


_T = IssueType


class ErrorCode(Enum):
    """The catalogue. An id, once published, keeps its meaning; docs/errors.md lists every one."""

    # A table: one entry to a line.
    # fmt: off
    # The body, before it is FHIR
    BODY_TOO_LARGE = Entry("ECG-BODY-TOO-LARGE", _T.TOO_LONG, 413, "The body is larger than allowed.")
    LENGTH = Entry("ECG-LENGTH", _T.NOT_SUPPORTED, 411, "The request does not tell how long its body is; nothing was done.")
    MEDIA_TYPE = Entry("ECG-MEDIA-TYPE", _T.NOT_SUPPORTED, 415, "The media type is not application/fhir+json.")
    NOT_ACCEPTABLE = Entry("ECG-NOT-ACCEPTABLE", _T.NOT_SUPPORTED, 406, "The asked format cannot be produced.")
    NOT_JSON = Entry("ECG-NOT-JSON", _T.STRUCTURE, 400, "The body is not strict UTF-8 JSON.")
    DUPLICATE_KEY = Entry("ECG-DUPLICATE-KEY", _T.STRUCTURE, 400, "An object has the same property twice.")
    TOO_COMPLEX = Entry("ECG-TOO-COMPLEX", _T.TOO_COSTLY, 400, "The body is too deep, too long or has too many parts.")
    NUMBER_RANGE = Entry("ECG-NUMBER-RANGE", _T.VALUE, 400, "A number is longer or larger than can be kept exactly.")
    # The resource, as R4 defines it
    RESOURCE_TYPE = Entry("ECG-RESOURCE-TYPE", _T.STRUCTURE, 400, "The resourceType is missing or not the one asked for.")
    UNKNOWN_ELEMENT = Entry("ECG-UNKNOWN-ELEMENT", _T.STRUCTURE, 400, "R4 defines no such element here.")
    WRONG_TYPE = Entry("ECG-WRONG-TYPE", _T.STRUCTURE, 400, "The JSON type is not the element's.")
    EMPTY = Entry("ECG-EMPTY", _T.STRUCTURE, 400, "Null, empty strings, arrays and objects are not values.")
    REQUIRED = Entry("ECG-REQUIRED", _T.REQUIRED, 400, "A mandatory element is missing.")
    CHOICE = Entry("ECG-CHOICE", _T.STRUCTURE, 400, "More than one alternative of a choice is given.")
    CODE = Entry("ECG-CODE", _T.CODE_INVALID, 400, "The code is not in the required value set.")
    VALUE = Entry("ECG-VALUE", _T.VALUE, 400, "The value breaks the rules of its type.")
    INVARIANT = Entry("ECG-INVARIANT", _T.INVARIANT, 400, "An invariant of the resource is broken.")
    NARRATIVE = Entry("ECG-NARRATIVE", _T.INVARIANT, 400, "The narrative holds markup that is not allowed.")
    # Who asks
    LOGIN = Entry("ECG-LOGIN", _T.LOGIN, 401, "The credential is missing or not known.")
    FORBIDDEN = Entry("ECG-FORBIDDEN", _T.FORBIDDEN, 403, "The caller may not do this.")
    SCOPE = Entry("ECG-SCOPE", _T.FORBIDDEN, 403, "The credential lacks the scope for this.")
    FOREIGN_SENDER = Entry("ECG-FOREIGN-SENDER", _T.FORBIDDEN, 403, "The resource names a sender that the submitter does not act for.")
    FOREIGN_PAYER = Entry("ECG-FOREIGN-PAYER", _T.BUSINESS_RULE, 422, "The resource names another payer.")
    # What is asked for
    NOT_FOUND = Entry("ECG-NOT-FOUND", _T.NOT_FOUND, 404, "There is no such resource.")
    GONE = Entry("ECG-GONE", _T.DELETED, 410, "The resource was nullified or deleted.")
    METHOD = Entry("ECG-METHOD", _T.NOT_SUPPORTED, 405, "This interaction is not offered here.")
    IMMUTABLE = Entry("ECG-IMMUTABLE", _T.BUSINESS_RULE, 422, "A resource of this type does not change, but by being cancelled.")
    REFERENCED = Entry("ECG-REFERENCED", _T.CONFLICT, 409, "Other resources refer to the resource.")
    PATCH = Entry("ECG-PATCH", _T.CONFLICT, 422, "The patch cannot be carried out on the resource as it is.")
    VERSION_CONFLICT = Entry("ECG-VERSION-CONFLICT", _T.CONFLICT, 412, "The resource is not in the version that the request names.")
    MULTIPLE_MATCHES = Entry("ECG-MULTIPLE-MATCHES", _T.MULTIPLE_MATCHES, 412, "Several resources match.")
    PARAMETER = Entry("ECG-PARAMETER", _T.VALUE, 400, "A header or parameter is not usable.")
    PROFILE = Entry("ECG-PROFILE", _T.NOT_SUPPORTED, 400, "The profile is not known here.")
    SEARCH_PARAMETER = Entry("ECG-SEARCH-PARAMETER", _T.VALUE, 400, "A search parameter is not known or its value not usable.")
    SEARCH_MODIFIER = Entry("ECG-SEARCH-MODIFIER", _T.NOT_SUPPORTED, 400, "The search parameter has no such modifier here.")
    SEARCH_COSTLY = Entry("ECG-SEARCH-COSTLY", _T.TOO_COSTLY, 400, "The search asks for more at once than is answered.")
    # Submission
    NOT_ACTIVE = Entry("ECG-NOT-ACTIVE", _T.BUSINESS_RULE, 422, "A request is submitted with status active.")
    DUPLICATE = Entry("ECG-DUPLICATE", _T.DUPLICATE, 409, "A live Claim of other content holds the identifier.")
    NULLIFIED = Entry("ECG-NULLIFIED", _T.DELETED, 410, "Exactly this submission was nullified.")
    IDEMPOTENCY = Entry("ECG-IDEMPOTENCY", _T.CONFLICT, 422, "The Idempotency-Key was used with other content.")
    BUNDLE = Entry("ECG-BUNDLE", _T.INVARIANT, 400, "The Bundle does not hold one request and what belongs to it.")
    BUNDLE_TYPE = Entry("ECG-BUNDLE-TYPE", _T.NOT_SUPPORTED, 400, "A Bundle of this type, or with such entries, is not taken.")
    BUNDLE_STEP = Entry("ECG-BUNDLE-STEP", _T.NOT_SUPPORTED, 400, "This interaction is not offered within a Bundle.")
    BUNDLE_TWICE = Entry("ECG-BUNDLE-TWICE", _T.INVARIANT, 400, "Two entries of a transaction are about the same resource.")
    BUNDLE_REFERENCE = Entry("ECG-BUNDLE-REFERENCE", _T.NOT_FOUND, 412, "A conditional reference is not met by exactly one resource.")
    # What the payer itself sends
    RECIPIENT_UNKNOWN = Entry("ECG-RECIPIENT-UNKNOWN", _T.BUSINESS_RULE, 422, "It names no submitter that it could be for.")
    RECIPIENT_MULTIPLE = Entry("ECG-RECIPIENT-MULTIPLE", _T.MULTIPLE_MATCHES, 422, "It may be for several submitters, or about several requests.")
    # Intake: the Claim is stored as invalid
    CLAIM_INSURANCE = Entry("ECG-CLAIM-INSURANCE", _T.BUSINESS_RULE, 422, "Exactly one insurance is focal.")
    CLAIM_SUBROGATION = Entry("ECG-CLAIM-SUBROGATION", _T.BUSINESS_RULE, 422, "The focal insurance is listed for the recovery of costs alone.")
    CLAIM_SEQUENCE = Entry("ECG-CLAIM-SEQUENCE", _T.BUSINESS_RULE, 422, "A sequence is repeated or points nowhere.")
    CLAIM_CURRENCY = Entry("ECG-CLAIM-CURRENCY", _T.BUSINESS_RULE, 422, "A Claim has one currency.")
    CLAIM_DATE = Entry("ECG-CLAIM-DATE", _T.BUSINESS_RULE, 422, "A date of the Claim cannot be right.")
    CLAIM_NEGATIVE = Entry("ECG-CLAIM-NEGATIVE", _T.BUSINESS_RULE, 422, "A quantity or a net is negative.")
    CLAIM_NET = Entry("ECG-CLAIM-NET", _T.BUSINESS_RULE, 422, "A net is not quantity x unitPrice x factor, or not the sum of its parts.")
    CLAIM_AMOUNT = Entry("ECG-CLAIM-AMOUNT", _T.BUSINESS_RULE, 422, "An amount or a quantity is larger than any that is decided.")
    CLAIM_MORE = Entry("ECG-CLAIM-MORE", _T.TOO_COSTLY, 422, "There are more errors than are told.")
    CLAIM_TOTAL = Entry("ECG-CLAIM-TOTAL", _T.BUSINESS_RULE, 422, "The total is not the sum of the items.")
    CLAIM_REQUIRED = Entry("ECG-CLAIM-REQUIRED", _T.REQUIRED, 422, "The Claim lacks what adjudication needs.")
    # Eligibility: the answer tells the errors
    ELIGIBILITY_ITEM = Entry("ECG-ELIGIBILITY-ITEM", _T.REQUIRED, 422, "An item names neither a category nor a service by a code.")
    ELIGIBILITY_REFERENCE = Entry("ECG-ELIGIBILITY-REFERENCE", _T.NOT_FOUND, 404, "An item refers to something that is not known.")
    # A plan or a price, as it is loaded
    PLAN_PROFILE = Entry("ECG-PLAN-PROFILE", _T.BUSINESS_RULE, 422, "The plan or price is not written after the plan profile.")
    # Invoices
    INVOICE_ACCOUNT = Entry("ECG-INVOICE-ACCOUNT", _T.BUSINESS_RULE, 422, "The status of the Account does not let it be invoiced.")
    INVOICE_NOTHING = Entry("ECG-INVOICE-NOTHING", _T.BUSINESS_RULE, 422, "Nothing of the Account is billable, and it has no invoice.")
    INVOICE_PRICE = Entry("ECG-INVOICE-PRICE", _T.BUSINESS_RULE, 422, "A ChargeItem cannot be priced.")
    INVOICE_CURRENCY = Entry("ECG-INVOICE-CURRENCY", _T.BUSINESS_RULE, 422, "An Invoice has one currency.")
    INVOICE_STATUS = Entry("ECG-INVOICE-STATUS", _T.BUSINESS_RULE, 422, "An Invoice in this status does not get that one, or not without a reason.")
    INVOICE_PAYMENT = Entry("ECG-INVOICE-PAYMENT", _T.BUSINESS_RULE, 422, "The Invoice does not take this payment.")
    # Tasks: unusable on their face
    TASK_STATUS = Entry("ECG-TASK-STATUS", _T.BUSINESS_RULE, 400, "A Task is sent with status requested.")
    TASK_OUTPUT = Entry("ECG-TASK-OUTPUT", _T.BUSINESS_RULE, 400, "A Task is sent without outputs.")
    TASK_CODE = Entry("ECG-TASK-CODE", _T.CODE_INVALID, 400, "The Task code is unknown or ambiguous.")
    TASK_FUTURE = Entry("ECG-TASK-FUTURE", _T.BUSINESS_RULE, 400, "authoredOn lies more than 15 minutes ahead.")
    TASK_FOCUS = Entry("ECG-TASK-FOCUS", _T.REQUIRED, 400, "The Task code needs a focus.")
    INPUT_TYPE = Entry("ECG-INPUT-TYPE", _T.CODE_INVALID, 400, "The input type is unknown or not used by this Task code.")
    INPUT_VALUE = Entry("ECG-INPUT-VALUE", _T.VALUE, 400, "The input's value is not of the form its type takes.")
    INPUT_REQUIRED = Entry("ECG-INPUT-REQUIRED", _T.REQUIRED, 400, "The Task code needs an input that is not there.")
    DELIVER_TYPE = Entry("ECG-DELIVER-TYPE", _T.NOT_SUPPORTED, 400, "Resources of this type are not delivered.")
    INPUT_TWICE = Entry("ECG-INPUT-TWICE", _T.STRUCTURE, 400, "The input may be given once.")
    INPUT_COUNT = Entry("ECG-INPUT-COUNT", _T.VALUE, 400, "A poll hands over 1 to 100 resources.")
    INPUT_PERIOD = Entry("ECG-INPUT-PERIOD", _T.VALUE, 400, "The period ends before it starts.")
    # Tasks: understood, and the store has it not (Task failed)
    FOCUS_NOT_FOUND = Entry("ECG-FOCUS-NOT-FOUND", _T.NOT_FOUND, 404, "The focus is not known.")
    FOCUS_GONE = Entry("ECG-FOCUS-GONE", _T.DELETED, 410, "The focus was nullified.")
    FOCUS_MULTIPLE_MATCHES = Entry("ECG-FOCUS-MULTIPLE-MATCHES", _T.MULTIPLE_MATCHES, 412, "Several live resources carry the identifier of the focus.")
    ORIGRESPONSE_NOT_FOUND = Entry("ECG-ORIGRESPONSE-NOT-FOUND", _T.NOT_FOUND, 404, "The original response is not known, or not one to the focus.")
    ITEM_NOT_FOUND = Entry("ECG-ITEM-NOT-FOUND", _T.NOT_FOUND, 404, "The Claim has no such line.")
    RESOURCE_NOT_FOUND = Entry("ECG-RESOURCE-NOT-FOUND", _T.NOT_FOUND, 404, "The resource that an input names is not known.")
    DELIVER_NO_MATCH = Entry("ECG-DELIVER-NO-MATCH", _T.NOT_FOUND, 404, "What is delivered belongs to nothing that is known.")
    ACK_NOT_FOUND = Entry("ECG-ACK-NOT-FOUND", _T.NOT_FOUND, 404, "What is acknowledged is not known.")
    # Tasks: the payer's no (Task rejected)
    FOCUS_TYPE = Entry("ECG-FOCUS-TYPE", _T.BUSINESS_RULE, 422, "The Task code does not apply to this type of resource.")
    CANCEL_ALREADY = Entry("ECG-CANCEL-ALREADY-CANCELLED", _T.BUSINESS_RULE, 422, "The focus is already cancelled.")
    CANCEL_INVALID = Entry("ECG-CANCEL-INVALID", _T.BUSINESS_RULE, 422, "The submission was answered with errors: there is nothing to cancel.")
    CANCEL_CLAIMED = Entry("ECG-CANCEL-CLAIMED", _T.BUSINESS_RULE, 422, "Claims have used the preauthorization.")
    CANCEL_USED = Entry("ECG-CANCEL-USED", _T.BUSINESS_RULE, 422, "A decision has used the Communication.")
    CANCEL_COVERAGE_CHANGED = Entry("ECG-CANCEL-COVERAGE-CHANGED", _T.BUSINESS_RULE, 422, "The Coverage was changed since it was enrolled or ended.")
    NOT_DECIDED = Entry("ECG-NOT-DECIDED", _T.BUSINESS_RULE, 422, "The focus is not decided yet.")
    NOT_A_PREAUTHORIZATION = Entry("ECG-RELEASE-NOT-A-PREAUTHORIZATION", _T.BUSINESS_RULE, 422, "Only a preauthorization holds a reservation.")
    NOT_POSSIBLE = Entry("ECG-NOT-POSSIBLE", _T.BUSINESS_RULE, 422, "The state of the focus does not allow this.")
    NULLIFY_HELD = Entry("ECG-NULLIFY-LEGAL-HOLD", _T.BUSINESS_RULE, 422, "The focus is under legal hold and has to be kept.")
    OVERTAKEN = Entry("ECG-REPROCESS-OVERTAKEN", _T.BUSINESS_RULE, 422, "A later Task took the place of this one before it was done.")
    NOT_APPROVED = Entry("ECG-NULLIFY-NOT-APPROVED", _T.BUSINESS_RULE, 422, "The payer did not approve that the focus is purged.")
    DELIVER_STATUS = Entry("ECG-DELIVER-STATUS", _T.BUSINESS_RULE, 422, "Only a Communication in progress or completed is delivered.")
    PAYMENT_UNKNOWN = Entry("ECG-PAYMENT-UNKNOWN", _T.BUSINESS_RULE, 422, "The notice names no payment that this payer has issued, nor an Invoice of this submitter.")
    PAYMENT_DIFFERENT = Entry("ECG-PAYMENT-DIFFERENT", _T.BUSINESS_RULE, 422, "The notice differs from the payment in payee, amount or date.")
    PAYMENT_TWICE = Entry("ECG-PAYMENT-TWICE", _T.DUPLICATE, 409, "Another notice that stands has the identifier.")
    NULLIFY_PAID = Entry("ECG-NULLIFY-PAID", _T.BUSINESS_RULE, 422, "A paid Claim is not nullified.")
    # Faults
    FAULT = Entry("ECG-FAULT", _T.EXCEPTION, 500, "The gateway failed; nothing was changed.")
    BUSY = Entry("ECG-BUSY", _T.LOCK_ERROR, 503, "The store is busy; nothing was changed.", retryable=True)
    OVERLOADED = Entry("ECG-OVERLOADED", _T.THROTTLED, 503, "Too much is asked at once; nothing was done.", retryable=True)
    RATE = Entry("ECG-RATE", _T.THROTTLED, 429, "It is asked too often; nothing was done.", retryable=True)
    SLOW_BODY = Entry("ECG-SLOW-BODY", _T.TIMEOUT, 408, "The body did not arrive in time and in full; nothing was done.")
    UNKNOWN_COMMIT = Entry("ECG-UNKNOWN-COMMIT", _T.TIMEOUT, 503, "Whether the request was carried out is not known.", retryable=True)
    NO_STORE = Entry("ECG-NO-STORE", _T.NO_STORE, 507, "The disk is full; nothing was changed.", retryable=True)
    # fmt: on

    @property
    def entry(self) -> Entry:
        """The line of the catalogue."""
        return self.value


@dataclass(frozen=True, slots=True)
class Issue:
    """One finding: its catalogue line, a sentence for a person, and where it is (FHIRPath)."""

    error: ErrorCode
    text: str
    expression: str | None = None
    severity: Severity = field(default=Severity.ERROR)


class Unacceptable(Exception):
    """The request is wrong on its face, or may not be made: answered 4xx, nothing is stored."""

    def __init__(self, *issues: Issue) -> None:
        super().__init__(", ".join(issue.error.entry.id for issue in issues))
        self.issues = issues

    @property
    def status(self) -> int:
        """The HTTP status: that of the first issue, but "you may not" outranks every other."""
        statuses = [issue.error.entry.status for issue in self.issues]
        return next((status for status in statuses if status in {401, 403}), statuses[0])


class ScopeMissing(Unacceptable):
    """The credential lacks a scope, which the answer names: nothing is done."""

    def __init__(self, scope: str, expression: str | None = None) -> None:
        super().__init__(Issue(ErrorCode.SCOPE, f"The scope {scope} is missing.", expression))
        self.scope = scope


class Refused(Exception):
    """The payer says no: what the handler did is unwound and the Task is answered `rejected`."""

    def __init__(self, *issues: Issue) -> None:
        super().__init__(", ".join(issue.error.entry.id for issue in issues))
        self.issues = issues


class Missing(Exception):
    """What the Task needs is not in the store: the Task is answered `failed`."""

    def __init__(self, *issues: Issue) -> None:
        super().__init__(", ".join(issue.error.entry.id for issue in issues))
        self.issues = issues

"""Whether a document is R4: every problem at once, with its place.

The grammar comes from fhir.resources' model classes, compiled per type when it is first met;
required codes, real dates, currencies, narratives and invariants are checked on top. Importing
this package imports none of that. http://hl7.org/fhir/R4/validation.html
"""

from typing import Any

from app.domain.issues import ErrorCode, Issue
from app.fhir.validation.problems import MAX_PROBLEMS

MAX_ISSUES = MAX_PROBLEMS


def check(document: dict[str, Any]) -> list[Issue]:
    """All that is wrong with a resource as `json_text.read` gives it; empty if nothing is.

    Expressions are FHIRPath-like (`Claim.item[0].quantity.value`); no text quotes a value. At most
    `MAX_ISSUES` are told.
    """
    from app.fhir.validation.resources import standing_alone

    name = document.get("resourceType")
    try:
        problems = standing_alone(document)
    except RecursionError:
        return [Issue(ErrorCode.TOO_COMPLEX, "The resource is nested too deep.")]
    if problems is None:
        return []
    root = name if isinstance(name, str) and name.isalpha() and len(name) <= 64 else "Resource"
    if problems[0][1] is ErrorCode.RESOURCE_TYPE and problems[0][0] == ".resourceType":
        root = "Resource"
    return [Issue(error, text, root + path) for path, error, text in problems[:MAX_ISSUES]]

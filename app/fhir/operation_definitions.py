"""The gateway's own operations, as R4 defines an operation.

http://hl7.org/fhir/R4/operationdefinition.html
"""

from app.domain.canonical import CANONICAL
from app.fhir.documents import Document

ACKNOWLEDGE: Document = {
    "resourceType": "OperationDefinition",
    "id": "acknowledge",
    "url": f"{CANONICAL}/OperationDefinition/acknowledge",
    "version": "1.0.0",
    "name": "Acknowledge",
    "title": "Acknowledge",
    "status": "active",
    "kind": "operation",
    "experimental": False,
    "description": "What this poll handed over has arrived. To say so again is no error.",
    "affectsState": True,
    "code": "acknowledge",
    "resource": ["Task"],
    "system": False,
    "type": False,
    "instance": True,
    "parameter": [
        {
            "name": "return",
            "use": "out",
            "min": 1,
            "max": "1",
            "documentation": "How many answers are acknowledged.",
            "type": "OperationOutcome",
        }
    ],
}

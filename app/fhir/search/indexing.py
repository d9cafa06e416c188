"""What a resource is found by, from the definitions of its type's search parameters.

http://hl7.org/fhir/R4/searchparameter-registry.html
"""

from collections.abc import Mapping, Sequence
from typing import Any

from app.domain.search.entries import Entry, ReferenceEntry, TokenEntry
from app.fhir.documents import identifiers_of, reference_of


def entries_of(type: str, document: Mapping[str, Any], base: str) -> Sequence[Entry]:
    """Every entry of a valid resource; literals under `base` are references to our own."""
    entries: list[Entry] = [
        TokenEntry("identifier", each.value, each.system) for each in identifiers_of(document)
    ]
    if type == "Claim":
        patient = reference_of(document.get("patient", {}), base)
        if patient.type is not None and patient.id is not None:
            entries.append(ReferenceEntry("patient", patient.type, patient.id))
    return entries

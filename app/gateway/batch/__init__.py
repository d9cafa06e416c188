"""Many interactions in one Bundle: each for itself, or all of them or none.

http://hl7.org/fhir/R4/http.html#transaction
"""

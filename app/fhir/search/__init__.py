"""R4's search parameters: what a resource is found by, and what a query means.

http://hl7.org/fhir/R4/search.html
"""

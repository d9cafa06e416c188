"""What a client may do to one resource beside creating it: one verb a file, on a unit of work.

http://hl7.org/fhir/R4/http.html
"""

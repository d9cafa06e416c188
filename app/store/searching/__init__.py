"""Statements for searches: conditions as probes of the index, an order, and pages in it.

http://hl7.org/fhir/R4/search.html
"""

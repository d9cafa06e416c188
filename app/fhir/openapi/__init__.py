"""The surface as OpenAPI 3.1 tells it: schemas from the element tables, paths from the offer.

https://spec.openapis.org/oas/v3.1.0
"""

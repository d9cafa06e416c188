"""FHIR as text and documents: the only layer that knows the wire version and its models."""

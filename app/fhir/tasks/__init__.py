"""FHIR Tasks: read as requests, written with their outcome."""

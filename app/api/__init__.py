"""The FHIR REST surface: HTTP to the gateway's verbs and back."""

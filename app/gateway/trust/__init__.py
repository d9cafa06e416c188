"""SMART Backend Services: who a client is, and the tokens that tell so.

https://hl7.org/fhir/smart-app-launch/backend-services.html
"""

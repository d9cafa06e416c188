"""The extensions by which an InsurancePlan says what R4 has no element for.

Docs: docs/reference-data.md, "The plan profile".
"""

from app.domain.canonical import extension

AUTHORIZATION_REQUIRED = extension("authorization-required")
WAITING_PERIOD = extension("waiting-period")
TIMELY_FILING = extension("timely-filing")
COORDINATION = extension("coordination")
LIMIT_SERVICE = extension("limit-service")
LIMIT_PERIOD = extension("limit-period")
LIMIT_PER = extension("limit-per")
LIMIT_SEX = extension("limit-sex")

"""Clients whose permissions are changed from one request to the next."""

from dataclasses import dataclass, replace

from flask.testing import FlaskClient

from app.domain.codes import TaskCode
from app.domain.permissions import EVERYTHING, GUARDED, LETTERS, Permissions
from app.gateway.administering.administration import Administration, Issued
from app.gateway.installation import Installation
from app.gateway.surface import TYPES
from tests.wire import Wire


@dataclass(frozen=True)
class Limited:
    """One registered client, which may do what it was told last."""

    installation: Installation
    http: FlaskClient
    issued: Issued

    def may(self, *scopes: str) -> Wire:
        """The client with these scopes from now on; with everything where none is given."""
        permissions = Permissions.parse(" ".join(scopes)) if scopes else EVERYTHING
        changed = replace(self.issued.client, permissions=permissions)
        Administration(self.installation).set_permissions(changed)
        return Wire(self.http, self.issued.token)


def all_but(letter: str, type: str, code: str | None = None) -> list[str]:
    """Every scope there is, for every label, but this letter of this type, or this Task code."""
    scopes = []
    for each in sorted(TYPES):
        letters = "".join(one for one in LETTERS if (each, one) != (type, letter))
        scopes += [
            f"system/{each}.{letters}",
            *(f"system/{each}.{letters}?_security={one}" for one in GUARDED),
        ]
    if code is not None:
        scopes += [f"system/Task.c?code={one}" for one in TaskCode if one != code]
    return scopes

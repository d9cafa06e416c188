"""What an address has for the client that asks: the header Allow, or a word where it has nothing.

https://www.rfc-editor.org/rfc/rfc7231#section-6.5.5
"""

from flask import Request, g

from app.domain.parties import ClientKind
from app.gateway.surface import Interaction, offered

# Where a type could stand in an address, and one fixed document stands.
DOCUMENTS = frozenset({"metadata", "openapi.json"})

_I = Interaction
_OF_TYPE = {
    "GET": _I.SEARCH,
    "HEAD": _I.SEARCH,
    "POST": _I.CREATE,
    "PUT": _I.UPDATE,
    "PATCH": _I.PATCH,
    "DELETE": _I.DELETE,
}
_OF_INSTANCE = {
    "GET": _I.READ,
    "HEAD": _I.READ,
    "PUT": _I.UPDATE,
    "PATCH": _I.PATCH,
    "DELETE": _I.DELETE,
}


def nowhere(name: str) -> str:
    """What is told of an address that nobody has."""
    if name.startswith("$"):
        return "There is no such operation here: GET metadata lists each with its type."
    return "R4 has no such resource type."


def allowed(request: Request) -> str:
    """The methods for the address of a type or of one resource; empty for every other."""
    place = request.view_args or {}
    if place.get("id", "").startswith("$"):
        return "POST"
    type = place.get("type") or request.path.rpartition("/")[2]
    if type in DOCUMENTS:
        return "GET, HEAD"
    kind = g.get("client_kind", ClientKind.SUBMITTER)
    interactions = offered(type, kind)
    methods = _OF_INSTANCE if "id" in place else _OF_TYPE
    return ", ".join(method for method, one in methods.items() if one in interactions)

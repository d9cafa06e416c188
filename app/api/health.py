"""Whether the process lives, and whether it can serve.

Docs: docs/operations.md.
"""

from flask import Blueprint, Response, current_app, jsonify

from app.api.context import Context
from app.api.readiness import Readiness
from app.store.database.engine import Busy

# These pass no gate: neither waits for anybody, but for one who asks the database.
PATHS = frozenset({"/health/live", "/health/ready"})
EXTENSION = "eclaims.readiness"

blueprint = Blueprint("health", __name__)


def readiness_of(context: Context) -> Readiness:
    """Asks the database of a context."""

    def is_there() -> bool:
        try:
            context.administration.ping()
        except Busy:
            return False
        return True

    return Readiness(is_there)


@blueprint.get("/health/live")
def live() -> Response:
    """200 while the process answers at all."""
    return jsonify(status="live")


@blueprint.get("/health/ready")
def ready() -> Response:
    """200 while the database answers, else 503."""
    readiness: Readiness = current_app.extensions[EXTENSION]
    if not readiness.is_ready():
        response = jsonify(status="not ready", reason="database")
        response.status_code = 503
        return response
    return jsonify(status="ready")

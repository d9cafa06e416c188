"""Whether the process lives, and whether it can serve.

Docs: docs/operations.md.
"""

from flask import Blueprint, Response, jsonify

from app.api.context import context
from app.store.database.engine import Busy

blueprint = Blueprint("health", __name__)


@blueprint.get("/health/live")
def live() -> Response:
    """200 while the process answers at all."""
    return jsonify(status="live")


@blueprint.get("/health/ready")
def ready() -> Response:
    """200 while the database answers, else 503."""
    try:
        context().administration.ping()
    except Busy:
        response = jsonify(status="not ready", reason="database")
        response.status_code = 503
        return response
    return jsonify(status="ready")

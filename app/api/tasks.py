"""POST [base]/Task: the one door of all seven Task codes.

http://hl7.org/fhir/R4/task.html
"""

from flask import Blueprint, Response, request

from app.api import answers
from app.api.context import context
from app.api.negotiation import received
from app.api.rate_limits import limited

blueprint = Blueprint("tasks", __name__)


@blueprint.post("/Task")
def submit() -> Response:
    """Execute a Task and answer with it."""
    here = context()
    client = here.client("c", "Task")
    sent = received(request, {"Task"}, here.request_id)
    taken = limited(here, client, sent, here.gateway.submit)
    return answers.created(request, taken, here.base_url)

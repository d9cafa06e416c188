"""What a client reads before it asks for a token; none of it needs a credential.

https://hl7.org/fhir/smart-app-launch/conformance.html
"""

from flask import Blueprint, Response, jsonify

from app.api.context import context, current_entry
from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.gateway.trust.addresses import KEYS_PATH
from app.gateway.trust.discovery import smart_configuration
from app.gateway.trust.signing_keys import SigningKeys

# Below the FHIR base, and at the origin.
blueprint = Blueprint("smart_configuration", __name__)
origin = Blueprint("keys", __name__)


@blueprint.get("/.well-known/smart-configuration")
def configuration() -> Response:
    """GET [base]/.well-known/smart-configuration."""
    if current_entry() is not None:
        text = "The document is no resource, and so no entry of a Bundle."
        raise Unacceptable(Issue(ErrorCode.BUNDLE_STEP, text))
    return jsonify(smart_configuration(context().installation))


@origin.get(KEYS_PATH)
def keys() -> Response:
    """Our public keys, by which others can check our tokens."""
    return jsonify(SigningKeys(context().installation).published())

"""Where things are that belong to an installation's trust: all by its one configured address."""

from app.gateway.installation import Installation

TOKEN_PATH = "/auth/token"  # noqa: S105  a path
KEYS_PATH = "/.well-known/jwks.json"
_FHIR_PATH = "/fhir/r4"


def issuer(installation: Installation) -> str:
    """The origin: who signs our tokens."""
    return installation.base_url.removesuffix(_FHIR_PATH)


def token_url(installation: Installation) -> str:
    """What an assertion is made out to."""
    return issuer(installation) + TOKEN_PATH


def keys_url(installation: Installation) -> str:
    """Where our public keys are."""
    return issuer(installation) + KEYS_PATH

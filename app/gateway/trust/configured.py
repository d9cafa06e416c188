"""The terms of trust as the settings of an installation have them."""

from ipaddress import ip_network

from app.gateway.trust.client_keys import require_fetchable
from app.gateway.trust.fetched_keys import Fetch, nothing_fetched
from app.gateway.trust.key_sets import OF_ISSUERS, NotUsable, key_set
from app.gateway.trust.terms import ExternalIssuer, Terms
from app.settings import Settings, WrongSettings

_HTTPS = "https://"


def configured(settings: Settings, fetch: Fetch = nothing_fetched) -> Terms:
    """The terms; `fetch` reads keys that are published. Raises WrongSettings."""
    return Terms(
        bearer_tokens=settings.bearer_tokens,
        external_issuer=_issuer(settings),
        fetch=fetch,
        certificate_header=settings.client_certificate_header,
        address_header=settings.client_address_header,
        trusted_proxies=tuple(ip_network(one) for one in settings.trusted_proxies),
    )


def _issuer(settings: Settings) -> ExternalIssuer | None:
    issuer, keys = settings.token_issuer, settings.token_issuer_jwks
    if issuer is None or keys is None:
        return None
    if keys.startswith(_HTTPS):
        try:
            require_fetchable(keys)
        except NotUsable as fault:
            raise WrongSettings(f"token_issuer_jwks: {keys}: {fault}") from None
        return ExternalIssuer(issuer, jwks_url=keys)
    file = settings.instance / keys
    try:
        text = file.read_text(encoding="utf-8")
        key_set(text, OF_ISSUERS)
    except (OSError, UnicodeDecodeError):
        raise WrongSettings(f"token_issuer_jwks: {file} cannot be read") from None
    except NotUsable as fault:
        raise WrongSettings(f"token_issuer_jwks: {file}: {fault}") from None
    return ExternalIssuer(issuer, jwks=text)

"""Who is behind a credential: an access token, or where they count a bearer token."""

from app.domain.parties import Client
from app.gateway.administering.administration import Administration
from app.gateway.installation import Installation
from app.gateway.trust.access_tokens import client_of
from app.gateway.trust.refusals import NotBelieved
from app.telemetry import log

# A bearer token of ours has no dot in it, a signed one has two.
_DOTS = 2


class Credentials:
    """The credentials of an installation."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._administration = Administration(installation)

    def client_behind(
        self, token: str, thumbprint: str | None = None, *, is_bound: bool = True
    ) -> Client | None:
        """The client behind a token; None for one that is not known, or not believed.

        `thumbprint` is that of the certificate that came with the request; `is_bound` False asks
        for none.
        """
        if token.count(".") == _DOTS:
            try:
                return client_of(self._installation, token, thumbprint, is_bound=is_bound)
            except NotBelieved as refusal:
                log.info("token not believed", outcome=refusal.reason)
                return None
        if not self._installation.terms.bearer_tokens:
            return None
        return self._administration.client_behind(token)

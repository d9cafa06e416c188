"""What it costs to prove who one is: with an access token as much as with a bearer token."""

from tests.gateway.test_statement_budgets import statements
from tests.security.keyed import Keyed

# Client; its keys; our key; then the row of the assertion and that of the audit.
TOKEN = 5


def test_an_access_token_costs_what_a_bearer_token_does(http, installation, registry):
    issued = registry.submitter()
    keyed = Keyed.register(http, installation, registry.payer)
    token, counted = keyed.token(), []
    for credential in (issued.token, token):
        keyed.read(credential)
        with statements() as sent:
            assert keyed.read(credential).status == 200
        counted.append(len(sent))

    assert counted[0] == counted[1]


def test_a_token_costs_five_statements(http, installation, registry):
    keyed = Keyed.register(http, installation, registry.payer)
    keyed.token()

    with statements() as sent:
        keyed.token()

    assert len(sent) == TOKEN

"""Every answer of every address carries the same headers, whatever it says.

https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html
"""

import re

import pytest

from app import create_app
from app.api.admission import Admission, Limits
from app.api.application import HEADERS, HTTPS_ALONE

# Every address for anybody, one that is not there, and one that no rule of the application matches.
ELSEWHERE = ["/", "/nowhere", "/fhir", "/fhir/r5/metadata", "/health", "/../etc/passwd"]
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]


def addresses(app):
    """One address for each rule."""
    return sorted(re.sub(r"<[^>]+>", "Claim", rule.rule) for rule in app.url_map.iter_rules())


def without(response, headers):
    return {name for name, value in headers.items() if response.headers.get_all(name) != [value]}


@pytest.mark.parametrize("token", [True, False], ids=["known", "unknown"])
def test_every_address_answers_every_method_with_them(app, http, wire, token):
    sent = {"Authorization": f"Bearer {wire.token}"} if token else {}
    lacking = {}
    for path in [*addresses(app), *ELSEWHERE]:
        for method in METHODS:
            response = http.open(path, method=method, headers=sent)
            assert response.status_code < 500, (method, path)
            missing = without(response, HEADERS)
            if missing or "Server" in response.headers:
                lacking[method, path] = missing

    assert lacking == {}
    assert len(addresses(app)) > 10


def test_only_answers_over_tls_are_told_to_stay_there(installation, http):
    assert "Strict-Transport-Security" not in http.get("/health/live").headers
    secured = create_app(installation, headers=HEADERS | HTTPS_ALONE).test_client()

    for path in ("/health/live", "/fhir/r4/metadata", "/fhir/r4/Claim/1", "/nowhere"):
        assert without(secured.get(path), HEADERS | HTTPS_ALONE) == set()


@pytest.mark.parametrize("headers", [HEADERS, HEADERS | HTTPS_ALONE], ids=["any", "production"])
def test_what_is_refused_at_the_door_has_them(app, headers):
    admission = Admission(app, Limits(), lambda _token: False, headers)
    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": "/fhir/r4/Task"}
    environ["HTTP_TRANSFER_ENCODING"] = "chunked"
    told = {}

    def start(status, found):
        told["status"], told["headers"] = status, dict(found)

    b"".join(admission(environ, start))

    assert told["status"].startswith("411 ")
    assert told["headers"].items() >= headers.items()

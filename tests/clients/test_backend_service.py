"""A backend service as somebody writes it after the page: a key, an assertion, a token, the cycle.

https://hl7.org/fhir/smart-app-launch/backend-services.html
"""

import json
import re
import subprocess
import sys
import time
import uuid
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import urllib3
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from tests.builders import a_claim, a_task, an_input
from tests.clients.stories import MOST_POLLS, PAUSE_SECONDS, handed_over, plain, types

PAGE = Path(__file__).parents[2] / "docs" / "authorization.md"
EVERYTHING = "system/*.cruds"


@dataclass
class Service:
    """A program with a key; it knows the FHIR base and its client id, and asks for the rest."""

    base: str
    client_id: str
    key: Any
    alg: str
    pool: urllib3.PoolManager
    token: str = ""

    def configuration(self) -> Any:
        """What the server tells of itself."""
        return self.pool.request("GET", f"{self.base}/.well-known/smart-configuration").json()

    def assertion(self) -> str:
        """Signed once."""
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": self.configuration()["token_endpoint"],
            "exp": int(time.time()) + 240,
            "jti": uuid.uuid4().hex,
        }
        header = {"alg": self.alg, "typ": "JWT", "kid": self.key.kid}
        return jws.serialize_compact(header, json.dumps(claims), self.key, algorithms=[self.alg])

    def authorize(
        self, assertion: str, headers: Mapping[str, str] | None = None
    ) -> urllib3.BaseHTTPResponse:
        """Exchange an assertion."""
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": assertion,
            "scope": EVERYTHING,
        }
        endpoint = self.configuration()["token_endpoint"]
        return self.pool.request(
            "POST", endpoint, fields=form, headers=headers, encode_multipart=False
        )

    def ask(
        self,
        method: str,
        path: str,
        document: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> urllib3.BaseHTTPResponse:
        """One request with the token."""
        headers = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        if document is not None:
            headers["Content-Type"] = "application/fhir+json"
        body = None if document is None else json.dumps(plain(document))
        return self.pool.request(method, f"{self.base}/{path}", body=body, headers=headers)

    def task(self, document: Any) -> Any:
        """Send a Task."""
        answer = self.ask("POST", "Task", document)
        assert answer.status == 201, answer.data
        return answer.json()


def registered(processes, folder: Path, name: str, keys: str) -> str:
    """The client id of a submitter with these keys."""
    file = folder / f"{name}.jwks.json"
    file.write_text(keys, encoding="utf-8")
    options = ("--identifier", f"sid|{name}", "--acts-for", "*", "--jwks", str(file), "--json")
    added = processes.run("submitter", "add", name, *options)
    assert added.returncode == 0, added.stderr
    told = json.loads(added.stdout)
    assert "token" not in told
    client_id: str = told["client_id"]
    return client_id


@pytest.fixture
def running(_running):
    """The command on an installation, and the gateway that it serves."""
    return _running


@pytest.fixture(params=["ES384", "RS384"])
def service(request, running, tmp_path):
    """A service that is registered by its key."""
    processes, gateway = running
    parameters = {"use": "sig", "alg": request.param}
    if request.param == "ES384":
        key = ECKey.generate_key("P-384", parameters, auto_kid=True)
    else:
        key = RSAKey.generate_key(2048, parameters, auto_kid=True)
    keys = json.dumps({"keys": [key.as_dict(private=False)]})
    client_id = registered(processes, tmp_path, request.node.name, keys)
    with urllib3.PoolManager(retries=False) as pool:
        yield Service(gateway.base, client_id, key, request.param, pool)


def polled(service: Service) -> Any:
    task = a_task("poll", inputs=[an_input("count", valuePositiveInt=10)])
    for _ in range(MOST_POLLS):
        reference = handed_over(service.task(task))
        if reference is not None:
            return service.ask("GET", reference).json()
        time.sleep(PAUSE_SECONDS)
        task = a_task("poll", inputs=[an_input("count", valuePositiveInt=10)])
    raise AssertionError("nothing was handed over")


def test_a_service_gets_a_token_and_submits_polls_reads_and_cancels(service):
    assertion = service.assertion()
    granted = service.authorize(assertion)
    assert (granted.status, granted.json()["expires_in"]) == (200, 300)
    assert service.authorize(assertion).json()["error"] == "invalid_client"
    assert service.ask("GET", "Claim").status == 401
    service.token = granted.json()["access_token"]

    submitted = service.ask("POST", "Claim", a_claim())
    claim = f"Claim/{submitted.json()['id']}"
    bundle = polled(service)
    found = {one["resource"]["resourceType"]: one["resource"] for one in bundle["entry"]}
    response = service.ask("GET", f"ClaimResponse/{found['ClaimResponse']['id']}").json()
    cancelled = service.task(a_task("cancel", focus=claim))

    assert submitted.status == 201
    assert types(bundle) == ["ClaimResponse", "ExplanationOfBenefit"]
    assert (response["outcome"], response["request"]["reference"]) == ("complete", claim)
    assert cancelled["status"] == "completed"
    assert service.ask("GET", claim).json()["status"] == "cancelled"


def test_a_token_is_bound_to_the_certificate_that_the_proxy_tells_of(service):
    mine, yours = (
        {"ClientCert": f":{b64encode(one).decode()}:"} for one in (b"my own", b"another")
    )
    granted = service.authorize(service.assertion(), mine)
    service.token = granted.json()["access_token"]

    answers = [service.ask("GET", "Claim", headers=sent).status for sent in ({}, yours, mine)]

    assert answers == [401, 401, 200]


def test_what_the_page_shows_makes_a_key_and_gets_an_answer(running, tmp_path):
    processes, gateway = running
    make, ask = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)

    def run(text, code=0):
        done = subprocess.run(
            [sys.executable, "-c", text],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == code, done.stderr
        return done.stdout if code == 0 else done.stderr

    run(make)
    keys = (tmp_path / "public.jwks.json").read_text()
    client_id = registered(processes, tmp_path, "Reader", keys)
    ask = ask.replace("http://127.0.0.1:8080/fhir/r4", gateway.base)

    refused = run(ask, code=1)
    token = run(ask.replace("your client id", client_id)).strip()

    assert refused.startswith('401 {"error":"invalid_client"')
    assert "X-Request-Id: " in refused
    headers = {"Authorization": f"Bearer {token}"}
    with urllib3.PoolManager(retries=False) as pool:
        answer = pool.request("GET", f"{gateway.base}/Claim", headers=headers)
    assert (answer.status, answer.json()["resourceType"]) == (200, "Bundle")
    assert '"d"' not in keys

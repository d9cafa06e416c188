"""Who finds no place is told so at once, in FHIR; health has a place of its own."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from werkzeug.test import Client

from app.api.admission import Admission, Limits
from app.fhir import json_text

SECONDS = 60.0
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
}


class Held:
    """An application that answers when it is told to."""

    def __init__(self) -> None:
        self.begun = Event()
        self.go_on = Event()

    def __call__(self, environ, start_response):
        """Only health is answered at once."""
        if not environ["PATH_INFO"].startswith("/health/"):
            self.begun.set()
            assert self.go_on.wait(SECONDS)
        start_response("200 OK", [])
        return [environ["wsgi.input"].read()]


def nobody(token: str) -> bool:
    """Whom the gate knows."""
    return False


@pytest.fixture
def held():
    """It does not outlive the test."""
    application = Held()
    yield application
    application.go_on.set()


def codes(response):
    document = json_text.parsed(response.get_data(as_text=True))
    assert document["resourceType"] == "OperationOutcome"
    return [issue["details"]["coding"][0]["code"] for issue in document["issue"]]


def test_one_too_many_is_refused_whole_while_health_is_answered(held):
    client = Client(Admission(held, Limits(at_once=1, waiting=0, bodies=2), nobody))
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(client.post, "/fhir/r4/Task", data=b"first")
        assert held.begun.wait(SECONDS)

        refused = client.post("/fhir/r4/Task", data=b"second")
        health = client.get("/health/live")
        held.go_on.set()
        served = first.result()
    again = client.post("/fhir/r4/Task", data=b"second")

    assert (refused.status_code, codes(refused)) == (503, ["ECG-OVERLOADED"])
    assert refused.headers["Retry-After"] == "1"
    assert HEADERS.items() <= dict(refused.headers).items()
    assert len(refused.headers["X-Request-Id"]) == 16
    assert health.status_code == 200
    assert (served.status_code, served.data) == (200, b"first")
    assert (again.status_code, again.data) == (200, b"second")


def test_health_passes_while_nobody_else_does(held):
    client = Client(Admission(held, Limits(at_once=0, waiting=0, bodies=0), nobody))

    told = [client.get(path).status_code for path in ("/health/live", "/health/ready")] * 20
    others = [client.get(path).status_code for path in ("/health/other", "/fhir/r4/metadata")]

    assert told == [200] * 40
    assert others == [503, 503]


def test_who_is_not_known_is_told_so_where_places_are_few(held):
    held.go_on.set()
    none_for_strangers = Limits(bodies=1)
    client = Client(Admission(held, none_for_strangers, lambda token: token == "known"))

    def sent(token):
        headers = {"Authorization": f"Bearer {token}"}
        return client.post("/fhir/r4/Task", data=b"x", headers=headers)

    refused, served = sent("made up"), sent("known")

    assert (refused.status_code, codes(refused)) == (401, ["ECG-LOGIN"])
    assert refused.headers["WWW-Authenticate"] == "Bearer"
    assert refused.headers["Connection"] == "close"
    assert (served.status_code, served.data) == (200, b"x")


def test_who_may_wait_is_served_in_the_end(held):
    client = Client(
        Admission(held, Limits(at_once=1, waiting=1, bodies=2, patience=SECONDS), nobody)
    )
    with ThreadPoolExecutor(2) as threads:
        both = [threads.submit(client.get, "/fhir/r4/Claim") for _ in range(2)]
        assert held.begun.wait(SECONDS)
        held.go_on.set()

        assert [one.result().status_code for one in both] == [200, 200]


def test_a_body_that_breaks_off_is_told_and_its_connection_ended(held):
    held.go_on.set()
    client = Client(Admission(held, Limits(), nobody))
    of_four = {"CONTENT_LENGTH": "4"}

    broken = client.post("/fhir/r4/Task", data=b"abc", environ_overrides=of_four)
    whole = client.post("/fhir/r4/Task", data=b"abcd", environ_overrides=of_four)

    assert (broken.status_code, codes(broken)) == (408, ["ECG-SLOW-BODY"])
    assert broken.headers["Connection"] == "close"
    assert "Retry-After" not in broken.headers
    assert (whole.status_code, whole.data) == (200, b"abcd")


def test_a_place_is_given_back_however_its_request_ends():
    def broken(environ, start_response):
        raise ConnectionResetError

    client = Client(Admission(broken, Limits(at_once=1, waiting=0, bodies=2), nobody))

    for _ in range(3):
        with pytest.raises(ConnectionResetError):
            client.get("/fhir/r4/Claim")

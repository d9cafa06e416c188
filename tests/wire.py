"""A client over HTTP: documents in, answers out, numbers exact."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask.testing import FlaskClient

from app.fhir import json_text

FHIR = "/fhir/r4"


@dataclass(frozen=True)
class Reply:
    """One answer: status, document, headers, and the text it was read from."""

    status: int
    document: dict[str, Any]
    headers: Mapping[str, str]
    text: str

    @property
    def errors(self) -> list[str]:
        """The catalogue ids in an OperationOutcome."""
        issues = self.document.get("issue", [])
        return [issue["details"]["coding"][0]["code"] for issue in issues]

    @property
    def expressions(self) -> list[str | None]:
        """Where each issue of an OperationOutcome is."""
        issues = self.document.get("issue", [])
        return [next(iter(issue.get("expression", ())), None) for issue in issues]

    @property
    def reference(self) -> str:
        """Type and id of the resource."""
        return f"{self.document['resourceType']}/{self.document['id']}"

    @property
    def outputs(self) -> list[tuple[str, Any]]:
        """A Task's outputs as (type, value); an error is told by its catalogue id."""
        told = []
        for output in self.document.get("output", []):
            name = next(name for name in output if name.startswith("value"))
            value = output[name]
            if name == "valueCodeableConcept":
                value = value["coding"][0]["code"]
            if name == "valueReference":
                value = value["reference"]
            told.append((output["type"]["coding"][0]["code"], value))
        return told

    def output(self, type: str) -> Any:
        """The value of the one output of this type; None without one."""
        return next((value for name, value in self.outputs if name == type), None)


@dataclass(frozen=True)
class Wire:
    """One credential on one HTTP client."""

    http: FlaskClient
    token: str | None
    headers: Mapping[str, str] = field(default_factory=dict)

    def post(self, path: str, document: Any, **headers: str) -> Reply:
        """POST a document, or bytes as they are."""
        body = document if isinstance(document, bytes | str) else json_text.write(document)
        return self._asked("POST", path, data=body, headers=headers)

    def put(self, path: str, document: Any, **headers: str) -> Reply:
        """PUT a document, or bytes as they are."""
        body = document if isinstance(document, bytes | str) else json_text.write(document)
        return self._asked("PUT", path, data=body, headers=headers)

    def delete(self, path: str, **headers: str) -> Reply:
        """DELETE under the FHIR base."""
        return self._asked("DELETE", path, headers=headers)

    def get(self, path: str, **headers: str) -> Reply:
        """GET under the FHIR base; a reference may be given as it stands in an answer."""
        return self._asked("GET", path, headers=headers)

    def task(self, document: Mapping[str, Any], **headers: str) -> Reply:
        """POST a Task."""
        return self.post("Task", document, **headers)

    def ask(self, method: str, path: str, body: bytes | str = b"", **headers: str) -> Reply:
        """Any method, with a body as it is."""
        return self._asked(method, path, data=body, headers=headers)

    def _asked(self, method: str, path: str, *, headers: Mapping[str, str], **body: Any) -> Reply:
        sent = {"Content-Type": "application/fhir+json", **self.headers}
        if self.token is not None:
            sent["Authorization"] = f"Bearer {self.token}"
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        response = self.http.open(f"{FHIR}/{path}", method=method, headers=sent, **body)
        text = response.get_data(as_text=True)
        document = json_text.parsed(text) if text.startswith("{") else {}
        return Reply(response.status_code, document, dict(response.headers), text)

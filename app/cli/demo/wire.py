"""The demo's client: HTTP by the standard library, numbers exact to their last zero."""

from __future__ import annotations

import http.client
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.cli.demo.temporary import LOOPBACK, Served
from app.fhir import json_text

_FHIR = "/fhir/r4"
_SECONDS = 30
_MEDIA_TYPE = "application/fhir+json"


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: its status, its document, and where it says that things are."""

    status: int
    document: dict[str, Any]
    milliseconds: float
    location: str | None = None
    related: str | None = None

    @property
    def errors(self) -> str:
        """The catalogue ids of an OperationOutcome."""
        issues = self.document.get("issue", ())
        return " ".join(issue["details"]["coding"][0]["code"] for issue in issues)

    def outputs(self, type: str) -> list[Any]:
        """The values of a Task's outputs of one type."""
        return [
            next(value for name, value in output.items() if name.startswith("value"))
            for output in self.document.get("output", ())
            if output["type"]["coding"][0]["code"] == type
        ]


@dataclass(frozen=True, slots=True)
class Wire:
    """One submitter's way to the gateway."""

    served: Served

    def post(self, type: str, document: dict[str, Any], **headers: str) -> Reply:
        """Create a resource, or have a Task executed."""
        return self.post_text(type, json_text.write(document), **headers)

    def post_text(self, type: str, text: str, **headers: str) -> Reply:
        """Send a text as it is."""
        return self._ask("POST", type, text, headers)

    def get(self, reference: str) -> Reply:
        """Read a resource, or a version of one."""
        return self._ask("GET", reference)

    def _ask(
        self,
        method: str,
        path: str,
        body: str | None = None,
        more: Mapping[str, str] | None = None,
    ) -> Reply:
        headers = {
            **(more or {}),
            "Authorization": f"Bearer {self.served.token}",
            "Content-Type": _MEDIA_TYPE,
            "Accept": _MEDIA_TYPE,
        }
        connection = http.client.HTTPConnection(LOOPBACK, self.served.port, timeout=_SECONDS)
        began = time.perf_counter()
        try:
            sent = body.encode() if body is not None else None
            connection.request(method, f"{_FHIR}/{path}", sent, headers)
            response = connection.getresponse()
            text = response.read()
        finally:
            connection.close()
        milliseconds = (time.perf_counter() - began) * 1000
        return Reply(
            response.status,
            json_text.parsed(text.decode()),
            milliseconds,
            self._local(response.getheader("Location")),
            self._local((response.getheader("Link") or "").partition(">")[0].lstrip("<")),
        )

    def _local(self, address: str | None) -> str | None:
        """What stands after our FHIR base; an address of any other base is told as it is."""
        if not address:
            return None
        return address.removeprefix(f"http://{LOOPBACK}:{self.served.port}{_FHIR}/")

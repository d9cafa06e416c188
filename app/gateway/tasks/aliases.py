"""Operations that stand for a Task: `Claim/{id}/$cancel` is the Task `cancel` with that focus.

They run what POST [base]/Task runs, and answer with the Task.
Docs: docs/capabilities.md.
"""

import re
from dataclasses import replace

from app.domain.codes import TaskCode
from app.domain.issues import ErrorCode, Issue, ScopeMissing, Unacceptable
from app.domain.parties import Client
from app.fhir import json_text
from app.fhir.tasks.request import task_request
from app.gateway.gateway import Gateway
from app.gateway.intake.outcome import Taken
from app.gateway.received import Received

_INPUT = re.compile(r"Task\.input\[(\d+)\](?:\.type)?")


def carried_out(
    gateway: Gateway, client: Client, code: TaskCode, focus: str, sent: Received
) -> Taken:
    """Execute the Task that the operation stands for; its inputs are the Parameters sent.

    Raises Unacceptable, which points at the Parameters.
    """
    document = task_request(code, focus, _parameters(sent))
    task = replace(sent, text=json_text.write(document), document=document)
    try:
        return gateway.submit(client, task)
    except ScopeMissing:
        raise
    except Unacceptable as wrong:
        raise Unacceptable(*(_at_its_parameter(issue) for issue in wrong.issues)) from None


def _parameters(sent: Received) -> list[dict[str, object]]:
    given: list[dict[str, object]] = sent.document.get("parameter", [])
    issues = [
        Issue(
            ErrorCode.PARAMETER,
            "A parameter is a name and a value; it has no parts and holds no resource.",
            f"Parameters.parameter[{index}]",
        )
        for index, each in enumerate(given)
        if not any(name.startswith("value") for name in each)
    ]
    if issues:
        raise Unacceptable(*issues)
    return given


def _at_its_parameter(issue: Issue) -> Issue:
    expression = issue.expression or ""
    return replace(issue, expression=_INPUT.sub(r"Parameters.parameter[\1]", expression) or None)

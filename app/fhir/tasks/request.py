"""A Task as a sender would write it, for operations that stand for one.

http://hl7.org/fhir/R4/task.html
"""

from collections.abc import Iterable, Mapping
from typing import Any

from app.domain.canonical import TASK_CODES, TASK_INPUTS
from app.domain.codes import TaskCode
from app.fhir.answers.writing import filled
from app.fhir.documents import Document


def task_request(code: TaskCode, focus: str, parameters: Iterable[Mapping[str, Any]]) -> Document:
    """A Task about `focus`; each of the Parameters becomes an input of the same name and value.

    It has no time of its own, so that the same request twice is the same Task.
    """
    return filled(
        resourceType="Task",
        status="requested",
        intent="order",
        code={"coding": [{"system": TASK_CODES, "code": str(code)}]},
        focus={"reference": focus},
        input=[_input(each) for each in parameters],
    )


def _input(parameter: Mapping[str, Any]) -> Document:
    value = {
        name: content
        for name, content in parameter.items()
        if name.removeprefix("_").startswith("value")
    }
    type = {"coding": [{"system": TASK_INPUTS, "code": parameter["name"]}]}
    return {"type": type, **value}

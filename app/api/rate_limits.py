"""Who asks too often is told 429, before anything of the request is done.

https://www.rfc-editor.org/rfc/rfc6585#section-4
"""

from collections.abc import Callable, Mapping
from typing import Any

from flask import g

from app.api.context import Context
from app.domain.codes import OutputType, TaskCode
from app.domain.parties import Client
from app.fhir import json_text
from app.fhir.tasks.codes import task_codes
from app.gateway.intake.outcome import Taken
from app.gateway.reading.joined import Joined
from app.gateway.received import Received


def limited(
    here: Context, client: Client, sent: Received, submit: Callable[[Client, Received], Taken]
) -> Taken:
    """Submit a Task; of polls those that find nothing are counted. Raises TooOften.

    In a transaction they are not: to count one needs another connection than the transaction has.
    """
    limiting = here.limiting
    is_counted = limiting.is_on and not isinstance(here.installation, Joined)
    if not is_counted or task_codes(sent.document.get("code")) != [TaskCode.POLL]:
        return submit(client, sent)
    limiting.poll(client, g.get("polls_after"))
    taken = submit(client, sent)
    if not _handed_over(json_text.parsed(taken.stored.text or "{}")):
        limiting.polled_in_vain(client)
    return taken


def _handed_over(task: Mapping[str, Any]) -> bool:
    codings = [one["type"].get("coding", ()) for one in task.get("output", ())]
    return any(one.get("code") == OutputType.RESPONSE for each in codings for one in each)

"""AuditEvents written from rows: valid, and of nobody."""

from dataclasses import replace

import pytest

from app.fhir.answers.audit_event import Told, audit_event
from tests.builders import NOW
from tests.fhir.asked import findings

TOLD = Told(NOW, "client-1", "create", "created", "Claim/1", "Claim", None, "request-1")


@pytest.mark.parametrize(
    ("action", "outcome", "code", "ended"),
    [
        ("create", "created", "C", "0"),
        ("load", "added", "C", "0"),
        ("load", "replaced", "U", "0"),
        ("update", "replaced", "U", "0"),
        ("patch", "replaced", "U", "0"),
        ("delete", "deleted", "D", "0"),
        ("cancel", "completed", "E", "0"),
        ("reprocess", "in-progress", "E", "0"),
        ("poll", "failed", "E", "4"),
        ("cancel", "rejected", "E", "4"),
        ("denied", "ECG-FORBIDDEN", "E", "4"),
        ("decide", "complete", "E", "0"),
    ],
)
def test_an_action_is_one_of_five_and_ends_well_or_not(action, outcome, code, ended):
    event = audit_event(replace(TOLD, action=action, outcome=outcome))

    assert findings(event) == []
    assert (event["action"], event["outcome"], event["outcomeDesc"]) == (code, ended, outcome)
    assert event["subtype"][0]["code"] == action


@pytest.mark.parametrize(
    ("changes", "references"),
    [
        ({}, ["Claim/1"]),
        ({"task": "Task/2"}, ["Claim/1", "Task/2"]),
        ({"focus": "Task/2", "task": "Task/2"}, ["Task/2"]),
        ({"focus": None}, []),
        ({"focus": None, "type": None}, []),
    ],
)
def test_what_it_was_about_is_told_once(changes, references):
    event = audit_event(replace(TOLD, **changes))

    told = [one["what"].get("reference") for one in event["entity"]]
    assert findings(event) == []
    assert [each for each in told if each] == references


def test_without_anything_it_was_about_it_has_no_entity():
    bare = audit_event(Told(NOW, "client-1", "requeue", "undelivered"))

    assert findings(bare) == []
    assert "entity" not in bare

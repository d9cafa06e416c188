"""Tasks as rows, and replay keys: one effect for two sendings."""

from datetime import timedelta

import pytest

from app.domain.codes import TaskCode, TaskStatus
from app.domain.parties import Scope
from app.store.tasks import Kept, TaskRow
from tests.builders import NOW
from tests.store.scopes import FOREIGN, MINE, PAYERS, THEIRS

DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("scope", "is_seen"), [(MINE, True), (THEIRS, False), (PAYERS, True), (FOREIGN, False)]
)
def test_a_task_is_seen_by_its_submitter_and_its_payer(view, scope, is_seen):
    row = TaskRow("1", TaskCode.CANCEL, TaskStatus.COMPLETED, "Claim", "7")
    view(MINE).tasks.add(row)

    assert view(scope).tasks.find("1") == (row if is_seen else None)


def test_a_task_that_is_not_there_is_not_found(work):
    assert work.tasks.find("1") is None


def test_a_key_is_kept_by_the_first(work):
    assert work.replay_keys.keep("key", "content", "Claim", "1", DAY) is True
    assert work.replay_keys.keep("key", "content", "Claim", "2", DAY) is False
    assert work.replay_keys.keep("another", "content", "Claim", "2", DAY) is True
    assert work.replay_keys.find("key") == Kept("Claim", "1", "content")


@pytest.mark.parametrize(
    "scope",
    [THEIRS, FOREIGN, PAYERS, Scope("payer-1", None, "core"), Scope("payer-2")],
    ids=["submitter", "payer", "payers-side", "payers-program", "other-payers-side"],
)
def test_a_key_is_kept_per_sender(view, scope):
    view(MINE).replay_keys.keep("key", "content", "Claim", "1", DAY)

    assert view(scope).replay_keys.find("key") is None
    assert view(scope).replay_keys.keep("key", "content", "Claim", "2", DAY) is True
    assert view(scope).replay_keys.keep("key", "content", "Claim", "3", DAY) is False
    assert view(scope).replay_keys.find("key") == Kept("Claim", "2", "content")
    assert view(MINE).replay_keys.find("key") == Kept("Claim", "1", "content")


@pytest.mark.parametrize(
    ("later", "is_kept"), [(DAY - TICK, True), (DAY, False), (DAY + TICK, False)]
)
def test_a_key_lapses(view, later, is_kept):
    view(MINE).replay_keys.keep("key", "content", "Claim", "1", DAY)

    then = view(MINE, NOW + later).replay_keys

    assert then.find("key") == (Kept("Claim", "1", "content") if is_kept else None)
    assert then.keep("key", "other", "Claim", "2", DAY) is not is_kept
    assert then.find("key").resource_id == ("1" if is_kept else "2")


def test_a_forgotten_key_is_free(work):
    work.replay_keys.keep("key", "content", "Claim", "1", DAY)
    work.replay_keys.keep("another", "content", "Claim", "1", DAY)

    work.replay_keys.forget("key")

    assert work.replay_keys.find("key") is None
    assert work.replay_keys.find("another") == Kept("Claim", "1", "content")

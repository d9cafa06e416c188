"""Asks an adjudicator, within a time: what it raises, or its silence, is its own job's trouble."""

import queue
import threading
from datetime import timedelta

from app.domain.adjudication import AdjudicationRequest, Adjudicator, Answer


class AdjudicatorFailed(Exception):
    """The adjudicator raised; the message is the class of what it raised, and no more."""


class TooSlow(Exception):
    """The adjudicator did not answer within its time."""


def answer(adjudicator: Adjudicator, request: AdjudicationRequest, limit: timedelta) -> Answer:
    """The adjudicator's answer; raises AdjudicatorFailed or TooSlow.

    A thread of its own, because a call that hangs cannot be ended: it is left behind.
    """
    answers: queue.SimpleQueue[Answer | BaseException] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(adjudicator.adjudicate(request))
        except BaseException as fault:  # noqa: BLE001  told to whoever asks
            answers.put(fault)

    threading.Thread(target=ask, name="adjudicator", daemon=True).start()
    try:
        said = answers.get(timeout=limit.total_seconds())
    except queue.Empty:
        raise TooSlow from None
    if isinstance(said, BaseException):
        # Also what would end a thread or a process: a plug-in may not stop the gateway.
        raise AdjudicatorFailed(type(said).__name__) from None
    return said

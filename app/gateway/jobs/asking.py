"""Asks an adjudicator, within a time: what it raises, or its silence, is its own job's trouble."""

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

from app.domain.adjudication import AdjudicationRequest, Adjudicator, Answer


class AdjudicatorFailed(Exception):
    """The adjudicator raised; the message is the class of what it raised, and no more."""


class TooSlow(Exception):
    """The adjudicator did not answer within its time."""


class TooLate(Exception):
    """The adjudicator was not asked: the lease could lapse before it answers."""


_Answers = queue.SimpleQueue[Answer | BaseException]


def answers(
    adjudicator: Adjudicator,
    requests: Sequence[AdjudicationRequest],
    limit: timedelta,
    may_start: Callable[[], bool] = lambda: True,
) -> Iterator[Answer | Exception]:
    """The answer to each request in turn, or AdjudicatorFailed, TooSlow or TooLate.

    They are asked in a thread of their own, because a call that hangs cannot be ended: it is left
    behind with its thread, and the next is asked in another.
    """
    asked = 0
    while asked < len(requests):
        given: _Answers = queue.SimpleQueue()
        is_left = threading.Event()
        of_thread = (adjudicator, requests[asked:], may_start, given, is_left)
        threading.Thread(target=_ask, args=of_thread, name="adjudicator", daemon=True).start()
        try:
            for _ in requests[asked:]:
                asked += 1
                yield _told(given.get(timeout=limit.total_seconds()))
        except queue.Empty:
            yield TooSlow()
        finally:
            is_left.set()


def answer(adjudicator: Adjudicator, request: AdjudicationRequest, limit: timedelta) -> Answer:
    """The adjudicator's answer; raises AdjudicatorFailed or TooSlow."""
    (told,) = answers(adjudicator, [request], limit)
    if isinstance(told, Exception):
        raise told
    return told


def _told(said: Answer | BaseException) -> Answer | Exception:
    if isinstance(said, BaseException) and not isinstance(said, TooLate):
        # Also what would end a thread or a process: a plug-in may not stop the gateway.
        return AdjudicatorFailed(type(said).__name__)
    return said


def _ask(
    adjudicator: Adjudicator,
    requests: Sequence[AdjudicationRequest],
    may_start: Callable[[], bool],
    given: _Answers,
    is_left: threading.Event,
) -> None:
    for request in requests:
        if is_left.is_set():
            return
        try:
            given.put(adjudicator.adjudicate(request) if may_start() else TooLate())
        except BaseException as fault:  # noqa: BLE001  told to whoever asks
            given.put(fault)

"""Asks an adjudicator, within a time: what it raises, or its silence, is its own job's trouble."""

import queue
import threading
from datetime import timedelta
from typing import Self

from app.domain.adjudication import AdjudicationRequest, Adjudicator, Answer


class AdjudicatorFailed(Exception):
    """The adjudicator raised; the message is the class of what it raised, and no more."""


class TooSlow(Exception):
    """The adjudicator did not answer within its time."""


class Asker:
    """Asks one adjudicator one question after the other, in a thread of its own.

    A call that hangs cannot be ended: its thread is left behind, and the next question gets
    another.
    """

    def __init__(self, adjudicator: Adjudicator, limit: timedelta) -> None:
        self._adjudicator = adjudicator
        self._seconds = limit.total_seconds()
        self._questions: queue.SimpleQueue[AdjudicationRequest | None] | None = None
        self._answers: queue.SimpleQueue[Answer | BaseException] = queue.SimpleQueue()

    def __enter__(self) -> Self:
        """Be asked."""
        return self

    def __exit__(self, *_: object) -> None:
        """No more questions: the thread ends."""
        if self._questions is not None:
            self._questions.put(None)

    def answer(self, request: AdjudicationRequest) -> Answer:
        """The adjudicator's answer; raises TooSlow or AdjudicatorFailed."""
        questions = self._questions or self._begun()
        questions.put(request)
        try:
            answer = self._answers.get(timeout=self._seconds)
        except queue.Empty:
            # Told to end when it is done, and no longer listened to.
            questions.put(None)
            self._questions = None
            raise TooSlow from None
        if isinstance(answer, BaseException):
            # Also what would end a thread or a process: a plug-in may not stop the gateway.
            raise AdjudicatorFailed(type(answer).__name__) from None
        return answer

    def _begun(self) -> "queue.SimpleQueue[AdjudicationRequest | None]":
        questions: queue.SimpleQueue[AdjudicationRequest | None] = queue.SimpleQueue()
        # New with each thread: what one that was left behind says at last is no answer to another.
        self._questions, self._answers = questions, queue.SimpleQueue()
        given = (self._adjudicator, questions, self._answers)
        threading.Thread(target=_answering, args=given, name="adjudicator", daemon=True).start()
        return questions


def _answering(
    adjudicator: Adjudicator,
    questions: "queue.SimpleQueue[AdjudicationRequest | None]",
    answers: "queue.SimpleQueue[Answer | BaseException]",
) -> None:
    while (request := questions.get()) is not None:
        try:
            answers.put(adjudicator.adjudicate(request))
        except BaseException as fault:  # noqa: BLE001  raised again in the asking thread
            answers.put(fault)

"""Asking an adjudicator: each request has an answer or a fault of its own."""

import threading
from datetime import timedelta

import pytest

from app.gateway.jobs.asking import AdjudicatorFailed, TooLate, TooSlow, answer, answers

LONG = timedelta(seconds=60)
SHORT = timedelta(milliseconds=50)


class Answering:
    """Answers with the request itself; one that is a function is called, an exception raised."""

    rules = "answering-1"

    def adjudicate(self, request):
        if isinstance(request, BaseException):
            raise request
        return request() if callable(request) else request


def told(requests, limit=LONG, **rest):
    """Answers as they are, faults by their names."""
    return [
        type(one).__name__ if isinstance(one, Exception) else one
        for one in answers(Answering(), requests, limit, **rest)
    ]


def test_one_that_raises_is_told_by_the_class_of_what_it_raised():
    with pytest.raises(AdjudicatorFailed, match=r"^KeyError$"):
        answer(Answering(), KeyError("secret"), LONG)
    assert answer(Answering(), "yes", LONG) == "yes"


def test_one_that_is_silent_is_too_slow():
    released = threading.Event()
    with pytest.raises(TooSlow):
        answer(Answering(), lambda: released.wait(60), SHORT)
    released.set()


def test_after_one_that_fails_or_hangs_the_others_are_answered():
    released = threading.Event()
    requests = [
        "first",
        ValueError("poison"),
        lambda: released.wait(60),
        "next",
        SystemExit(3),
        "last",
    ]

    found = told(requests, timedelta(seconds=1))
    released.set()

    assert found == [
        "first",
        AdjudicatorFailed.__name__,
        TooSlow.__name__,
        "next",
        AdjudicatorFailed.__name__,
        "last",
    ]


def test_what_a_thread_says_that_was_left_behind_is_no_answer_to_another():
    released, has_said = threading.Event(), threading.Event()

    def late():
        released.wait(60)
        has_said.set()
        return "late"

    def next_one():
        released.set()
        has_said.wait(60)
        return "next"

    assert told([late, next_one, "last"], timedelta(seconds=1)) == [
        TooSlow.__name__,
        "next",
        "last",
    ]


def test_nothing_is_asked_when_it_is_too_late():
    in_time = iter([True, True, False, False])

    assert told(["a", "b", "c", "d"], may_start=lambda: next(in_time)) == [
        "a",
        "b",
        TooLate.__name__,
        TooLate.__name__,
    ]

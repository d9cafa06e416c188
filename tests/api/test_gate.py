"""A gate: so many inside, so many waiting, everybody else told at once."""

import threading
from concurrent.futures import ThreadPoolExecutor

from app.api.gate import Gate

FOR_EVER = 60.0
NOT_AT_ALL = 0.0


def test_who_finds_neither_a_place_nor_room_to_wait_is_sent_away():
    gate = Gate(places=2, waiting=0, patience=FOR_EVER)

    assert [gate.enter() for _ in range(3)] == [True, True, False]
    gate.leave()
    assert gate.enter()


def test_who_waits_longer_than_the_patience_is_sent_away_and_takes_no_place_later():
    gate = Gate(places=1, waiting=1, patience=NOT_AT_ALL)

    assert gate.enter()
    assert not gate.enter()
    gate.leave()
    assert gate.enter()


def test_a_place_is_handed_on_in_the_order_of_arrival():
    gate, order = Gate(places=1, waiting=3, patience=FOR_EVER), []
    assert gate.enter()

    def wait(name):
        assert gate.enter()
        order.append(name)
        gate.leave()

    with ThreadPoolExecutor(3) as threads:
        waiting = []
        for name in range(3):
            waiting.append(threads.submit(wait, name))
            while gate.waiting <= name:
                threading.Event().wait(0.001)
        gate.leave()
        for one in waiting:
            one.result()

    assert order == [0, 1, 2]


def test_never_more_are_inside_than_there_are_places():
    gate, inside, most = Gate(places=3, waiting=64, patience=FOR_EVER), set(), []

    def visit(name):
        assert gate.enter()
        inside.add(name)
        most.append(len(inside))
        threading.Event().wait(0.001)
        inside.discard(name)
        gate.leave()

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(visit, range(64)))

    assert max(most) <= 3
    assert [gate.enter() for _ in range(3)] == [True] * 3

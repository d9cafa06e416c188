"""Whatever is done in whatever order, the gateway is what a model in dicts says it is."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.reliability.model.machine import Machine
from tests.reliability.model.model import Model
from tests.reliability.model.table import CELLS, MOVES

EXAMPLES_OF_A_RUN = 10

# A database of this test's own: the machine closes and opens it.
pytestmark = pytest.mark.usefixtures("database")


class Lives:
    """Machines one after the other on one database, and what all of them came past."""

    def __init__(self, url: str) -> None:
        self.figures: Counter[str] = Counter()
        self.cells: Counter[tuple[str, str]] = Counter()
        self.moves: Counter[tuple[str, str]] = Counter()
        self._url = url

    def begun(self) -> Machine:
        """A new machine on the emptied database."""
        model = Model()
        model.cells, model.moves = self.cells, self.moves
        self.figures["lives"] += 1
        return Machine(self._url, self.figures, model)

    def run(self, examples: int, steps: int) -> None:
        """So many lives of so many steps; the blob that a failure prints repeats it.

        Begun anew after a few of them: within one run many lives resemble an earlier one.
        """
        few = settings(
            max_examples=EXAMPLES_OF_A_RUN,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            derandomize=False,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        )
        for _ in range(examples // EXAMPLES_OF_A_RUN):
            run_state_machine_as_test(self.begun, settings=few)


def test_the_gateway_does_what_the_model_says(database, figures):
    lives = Lives(database)

    lives.run(examples=30, steps=30)

    figures |= lives.figures
    figures |= {"cells": f"{len(lives.cells)} of {len(CELLS)}"}
    figures |= {"moves": f"{len(lives.moves)} of {len(MOVES)}"}
    assert lives.moves.keys() <= MOVES
    assert lives.figures["lives"] >= 30


@pytest.mark.soak
def test_every_cell_of_the_table_and_every_move_is_come_past(database, figures):
    lives = Lives(database)

    lives.run(examples=200, steps=50)

    figures |= lives.figures
    assert lives.moves.keys() == MOVES
    assert lives.cells.keys() == CELLS
    assert lives.figures["crashes"] > 0
    assert lives.figures["lines carried over"] > 0

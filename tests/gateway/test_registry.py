"""Which handler answers which Task code."""

import ast
from pathlib import Path

import pytest

from app.domain.codes import TaskCode
from app.gateway import handlers
from app.gateway.registry import handles, handling_of
from app.gateway.tasks.inputs import TaskInputSchema

FOLDER = Path(__file__).parent / "handlers"


@pytest.mark.parametrize("code", TaskCode)
def test_a_code_takes_one_handler(code):
    with pytest.raises(ValueError, match=f"two handlers for {code}"):
        handles(code, TaskInputSchema)(lambda _request, _work: None)


@pytest.mark.parametrize("code", TaskCode)
def test_every_code_has_a_handler_whose_inputs_fill_its_parameters(code):
    handling = handling_of(code)

    assert handling.handler.__module__.startswith(f"{handlers.__name__}.")
    assert handling.inputs.parameters() == handling.inputs.parameters(**handling.inputs().load({}))


@pytest.mark.parametrize("code", TaskCode)
def test_every_code_has_a_test_module_with_tests_in_it(code):
    module = handling_of(code).handler.__module__.rpartition(".")[2]

    tree = ast.parse((FOLDER / f"test_{module}.py").read_text(encoding="utf-8"))

    tests = [node.name for node in tree.body if getattr(node, "name", "").startswith("test_")]
    assert len(tests) >= 4


def test_every_handler_module_answers_a_code():
    answering = {handling_of(code).handler.__module__.rpartition(".")[2] for code in TaskCode}
    modules = {path.stem for path in Path(handlers.__file__).parent.glob("*.py")} - {"__init__"}

    assert answering == modules == set(handlers.__all__)

"""Worked claims as tables: one line of the Claim a row, one row of its adjudication a column.

    line  submitted  eligible  contractual  benefit
    1     100.00     80.00     20.00(45)    80.00

A dash is a row that is left out; reasons stand in parentheses behind the amount.
"""

from tests.adjudicators.builders import worked


def table(text):
    """What a table says, as `worked` tells it: {'1': ['submitted 100.00', ...]}."""
    header, *lines = (line.split() for line in text.strip().splitlines())
    assert header[0] == "line"
    assert all(len(line) == len(header) for line in lines), "a cell is missing"
    return {
        path: [
            f"{name} {_cell(cell)}"
            for name, cell in zip(header[1:], cells, strict=True)
            if cell != "-"
        ]
        for path, *cells in lines
    }


def assert_worked(decision, text):
    """Pass where a decision has exactly the rows of the table, line by line."""
    assert worked(decision) == table(text)


def _cell(cell):
    """20.00(45,96) as rows are told: 20.00 (45, 96)."""
    amount, _, reasons = cell.partition("(")
    return f"{amount} ({reasons.rstrip(')').replace(',', ', ')})" if reasons else amount

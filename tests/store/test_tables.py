"""Every row is a payer's, so that rows can be divided by payers. docs/growing.md names the rest."""

from pathlib import Path

from sqlalchemy import UniqueConstraint

from app.store.tables import metadata

PAGE = Path(__file__).parents[2] / "docs" / "growing.md"
OF_NO_PAYER = {"payer", "calendar_slot", "rate_bucket", "signing_key", "wrapping_key"}
# Rows that are numbered, and a token that has to be found before its payer is known: a table that
# is divided by payers needs the payer in every unique key.
KEYS_WITHOUT_PAYER = {
    "audit",
    "client",
    "counter_entry",
    "job",
    "payable_entry",
    "pended",
    "reservation_entry",
}


def unique_keys(table):
    """The columns of each unique key."""
    yield table.primary_key.columns.keys()
    yield from (one.columns.keys() for one in table.constraints if type(one) is UniqueConstraint)
    yield from (one.columns.keys() for one in table.indexes if one.unique)


def test_every_table_has_its_payer_but_those_that_are_of_none():
    assert {one.name for one in metadata.sorted_tables if "payer_id" not in one.c} == OF_NO_PAYER


def test_the_payer_is_in_every_unique_key_but_of_those_that_are_named():
    without = {
        one.name
        for one in metadata.sorted_tables
        if not all("payer_id" in key for key in unique_keys(one))
    }

    assert without - OF_NO_PAYER == KEYS_WITHOUT_PAYER


def test_the_page_on_growing_names_them():
    text = PAGE.read_text()

    assert [name for name in OF_NO_PAYER | KEYS_WITHOUT_PAYER if f"`{name}`" not in text] == []

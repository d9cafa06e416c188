"""Identifiers and references."""

import pytest

from app.domain.references import Identifier, Reference


@pytest.mark.parametrize("text", ["", "value", "system|", "|"])
def test_what_is_no_identifier_is_refused(text):
    with pytest.raises(ValueError, match=r"expected 'system\|value'"):
        Identifier.parse(text)


@pytest.mark.parametrize(
    ("text", "identifier"),
    [
        ("http://s.test|v", Identifier("http://s.test", "v")),
        ("|v", Identifier(None, "v")),
        ("a|b|v", Identifier("a|b", "v")),
    ],
)
def test_an_identifier_is_read_as_it_is_written(text, identifier):
    assert Identifier.parse(text) == identifier
    assert identifier.key == text


@pytest.mark.parametrize(
    ("reference", "literal"),
    [
        (Reference("Claim", "1"), "Claim/1"),
        (Reference("Claim", "1", 2), "Claim/1/_history/2"),
        (Reference("Claim"), None),
        (Reference(None, "1"), None),
        (Reference(identifier=Identifier("s", "v")), None),
    ],
)
def test_a_reference_is_literal_with_type_and_id(reference, literal):
    assert reference.literal == literal

"""What a resource is found by, from the definitions of its type's search parameters.

http://hl7.org/fhir/R4/searchparameter-registry.html
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain, islice
from typing import Any

from app.domain.search.entries import Entry, StringEntry, TokenEntry
from app.domain.search.query import ID, LAST_UPDATED
from app.fhir.search.definitions import Parameter, ParameterType, parameters_of
from app.fhir.search.expressions import compiled
from app.fhir.search.links import reference_entries, unsearched_entries
from app.fhir.search.paths import Values
from app.fhir.search.ranges import date_entries, number_entries, quantity_entries
from app.fhir.search.texts import string_entries, uri_entries
from app.fhir.search.tokens import token_entries

MAX_ENTRIES = 1_000
MAX_TEXT_CHARACTERS = 1_000

_CONVERTERS: Mapping[ParameterType, Callable[[Parameter, Any], Iterator[Entry]]] = {
    ParameterType.NUMBER: number_entries,
    ParameterType.DATE: date_entries,
    ParameterType.STRING: string_entries,
    ParameterType.TOKEN: token_entries,
    ParameterType.QUANTITY: quantity_entries,
    ParameterType.URI: uri_entries,
}


def entries_of(type: str, document: Mapping[str, Any], base: str) -> Sequence[Entry]:
    """Every entry of a resource; literals under `base` are references to our own.

    References that no parameter tells of have one too, so that it is known what is referred to.
    What is not of the shape that R4 gives it has no entry. Of one resource at most `MAX_ENTRIES`
    are kept: the parameters with fewest come first, so that a thousand lines do not hide whose
    Claim it is. Texts are cut to `MAX_TEXT_CHARACTERS`.
    """
    found = [
        list(dict.fromkeys(map(_bounded, source.entries(document, base))))
        for source in _sources(type)
    ]
    if found:
        found.append(list(unsearched_entries(document, chain.from_iterable(found), base)))
    if sum(map(len, found)) > MAX_ENTRIES:
        found.sort(key=len)
    return list(islice(chain.from_iterable(found), MAX_ENTRIES))


@dataclass(frozen=True, slots=True)
class _Source:
    """Where the entries of one parameter are found, and how they are made."""

    find: Callable[[Any], Values]
    convert: Callable[[Any, str], Iterator[Entry]]

    def entries(self, document: Mapping[str, Any], base: str) -> Iterator[Entry]:
        for value in self.find(document):
            yield from self.convert(value, base)


@cache
def _sources(type: str) -> Sequence[_Source]:
    parameters = parameters_of(type)
    return tuple(
        _Source(compiled(each.expression, type), _converter(each, parameters))
        for each in parameters.values()
        # These two are columns of the resource.
        if each.code not in {ID, LAST_UPDATED}
    )


def _converter(
    parameter: Parameter, parameters: Mapping[str, Parameter]
) -> Callable[[Any, str], Iterator[Entry]]:
    if parameter.type is ParameterType.REFERENCE:
        return lambda value, base: reference_entries(parameter, value, base)
    if parameter.type is not ParameterType.COMPOSITE:
        convert = _CONVERTERS[parameter.type]
        return lambda value, _base: convert(parameter, value)
    first, second = (
        _Source(
            compiled(part.expression),
            _converter(replace(parameters[part.code], code=parameter.code), parameters),
        )
        for part in parameter.components
    )
    return lambda value, base: _composite_entries(first, second, value, base)


def _composite_entries(first: _Source, second: _Source, value: Any, base: str) -> Iterator[Entry]:
    """The second part, under a name that holds the first in every way it may be asked for.

    The first part's own token tells that there is such a composite at all.
    """
    for token in first.entries(value, base):
        if not isinstance(token, TokenEntry):
            continue
        yield token
        for spelling in spellings(token):
            for entry in second.entries(value, base):
                yield replace(entry, name=f"{token.name}${spelling}{entry.name[len(token.name) :]}")


def spellings(token: TokenEntry) -> tuple[str, ...]:
    """How a query may ask for a token: by its code, its system, or both."""
    whole = f"{token.system or ''}|{token.code}"
    if not token.code:
        return (whole,) if token.system else ()
    return (token.code, whole, f"{token.system}|") if token.system else (token.code, whole)


def _bounded(entry: Entry) -> Entry:
    if isinstance(entry, StringEntry) and len(entry.text) > MAX_TEXT_CHARACTERS:
        return replace(entry, text=entry.text[:MAX_TEXT_CHARACTERS])
    return entry

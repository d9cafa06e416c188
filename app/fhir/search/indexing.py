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
from app.fhir.search.expressions import compiled, step_of
from app.fhir.search.links import reference_entries, unsearched_entries
from app.fhir.search.paths import Member, Path, Step, Union, Values
from app.fhir.search.ranges import date_entries, number_entries, quantity_entries
from app.fhir.search.texts import string_entries, uri_entries
from app.fhir.search.tokens import token_entries
from app.fhir.search.walking import Names, Walk

_Convert = Callable[[Any, str], Iterator[Entry]]

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


def entries_of(
    type: str, document: Mapping[str, Any], base: str, text: str | None = None
) -> Sequence[Entry]:
    """Every entry of a resource; literals under `base` are references to our own.

    References that no parameter tells of have one too, so that it is known what is referred to.
    What is not of the shape that R4 gives it has no entry. Of one resource at most `MAX_ENTRIES`
    are kept: the parameters with fewest come first, so that a thousand lines do not hide whose
    Claim it is. Texts are cut to `MAX_TEXT_CHARACTERS`. `text` is the document's, where known.
    """
    index = _index(type)
    found = index.entries(document, base)
    if index.sources:
        found.append(list(unsearched_entries(document, chain.from_iterable(found), base, text)))
    if sum(map(len, found)) > MAX_ENTRIES:
        found.sort(key=len)
    return list(islice(chain.from_iterable(found), MAX_ENTRIES))


@dataclass(frozen=True, slots=True)
class _Source:
    """Where the entries of one parameter are found, and how they are made."""

    find: Callable[[Any], Values]
    convert: _Convert

    def entries(self, document: Mapping[str, Any], base: str) -> Iterator[Entry]:
        for value in self.find(document):
            yield from self.convert(value, base)


@dataclass(frozen=True, slots=True)
class _Sought:
    """How one parameter is found: by paths of the walk, by their numbers, or by a step."""

    convert: _Convert
    paths: Sequence[int] = ()
    step: Step | None = None

    def values(self, walked: list[Values], document: Mapping[str, Any]) -> Values:
        if self.step is not None:
            return self.step([document], document)
        if len(self.paths) == 1:
            return walked[self.paths[0]]
        return [value for number in self.paths for value in walked[number]]


@dataclass(frozen=True, slots=True)
class _Index:
    """All parameters of one type, and the walk that finds most of them."""

    sources: Sequence[_Sought]
    walk: Walk

    def entries(self, document: Mapping[str, Any], base: str) -> list[list[Entry]]:
        """The entries of each parameter that has any."""
        walked = self.walk(document)
        found = []
        for source in self.sources:
            values = source.values(walked, document)
            if values:
                made = [
                    _bounded(entry) for value in values for entry in source.convert(value, base)
                ]
                found.append(made if len(made) < 2 else list(dict.fromkeys(made)))
        return found


@cache
def _index(type: str) -> _Index:
    parameters = parameters_of(type)
    sources: list[_Sought] = []
    paths: list[Names] = []
    for each in parameters.values():
        # These two are columns of the resource.
        if each.code in {ID, LAST_UPDATED}:
            continue
        convert, step = _converter(each, parameters), step_of(each.expression, type)
        names = _names_in(step)
        if names is None:
            sources.append(_Sought(convert, step=step))
        else:
            sources.append(_Sought(convert, range(len(paths), len(paths) + len(names))))
            paths += names
    return _Index(tuple(sources), Walk(paths))


def _names_in(step: Step) -> list[Names] | None:
    """The paths of names that an expression consists of; None where there is more to it."""
    parts = step.parts if isinstance(step, Union) else (step,)
    paths = []
    for part in parts:
        members = part.steps if isinstance(part, Path) else (part,)
        names = tuple(each for each in members if isinstance(each, Member))
        if not names or len(names) < len(members):
            return None
        paths.append(names)
    return paths


def _converter(parameter: Parameter, parameters: Mapping[str, Parameter]) -> _Convert:
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

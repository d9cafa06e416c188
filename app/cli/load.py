"""`eclaims load`: the payer's own reference data, from JSON, a Bundle or NDJSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli.options import (
    Refusal,
    administration_of,
    instance_option,
    json_option,
    open_installation,
    payer_of,
    payer_option,
    table,
    told,
)
from app.cli.shipped_plans import NAMES, files_of, shipped

if TYPE_CHECKING:
    from app.domain.issues import Issue
    from app.domain.parties import Payer, Scope
    from app.gateway.installation import Installation
    from app.store.unit_of_work import UnitOfWork

# So many at a time are one transaction: few enough to let requests in between.
_TOGETHER = 200
_MOST_TOLD = 20
_ATTEMPTS = 8
_LARGEST_DOCUMENT = 100 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Found:
    """A resource to load; `name` tells a person which one, and where it stands."""

    name: str
    document: dict[str, Any]


@click.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--shipped",
    "sets",
    multiple=True,
    type=click.Choice(NAMES),
    help="A set that comes with the gateway (repeats).",
)
@click.option("--list", "is_asked", is_flag=True, help="Show what --shipped knows; load nothing.")
@payer_option
@instance_option
@json_option
def load(
    files: tuple[Path, ...],
    sets: tuple[str, ...],
    is_asked: bool,
    payer_name: str | None,
    instance: Path,
    as_json: bool,
) -> None:
    """Load the payer's own data from FILES: Patient, Coverage, InsurancePlan, prices.

    Each file is one JSON resource, a Bundle of resources, or NDJSON (.ndjson, .jsonl), which is
    for many. Ids are kept; what is loaded again replaces what is there. Every file is read and
    checked before anything is loaded.
    """
    if is_asked:
        _show_shipped(as_json=as_json)
        return
    if not files and not sets:
        raise click.UsageError("Name FILES, or a set of --shipped; --list shows them.")
    installation = open_installation(instance)
    payer = payer_of(administration_of(installation), payer_name)
    found = _checked((*files, *(file for name in sets for file in files_of(name))))
    changes = _load(found, installation, payer, is_quiet=as_json)
    if as_json:
        told(dict(changes))
        return
    click.echo(", ".join(f"{count} {change}" for change, count in sorted(changes.items())) or "0")


def _show_shipped(*, as_json: bool) -> None:
    sets = [shipped(name) for name in NAMES]
    if as_json:
        told([{"name": one.name, "title": one.title, "resources": one.resources} for one in sets])
        return
    table(
        "What `eclaims load --shipped` knows",
        "name",
        "what",
        "resources",
        rows=[
            (
                one.name,
                one.title,
                ", ".join(f"{count} {type}" for type, count in one.resources.items()),
            )
            for one in sets
        ],
    )


def _checked(files: tuple[Path, ...]) -> list[Found]:
    """Every resource of the files; all of their problems are told at once."""
    from app.domain.issues import Unacceptable

    found: list[Found] = []
    problems: list[str] = []
    for place, text in (each for file in files for each in _texts(file)):
        try:
            found += _usable(place, text)
        except Unacceptable as refusal:
            problems.append(f"{place}: {_listed(refusal.issues)}")
    if problems:
        raise Refusal("Nothing was loaded.\n" + _bounded(problems))
    return found


def _texts(file: Path) -> Iterator[tuple[str, bytes]]:
    """The JSON texts of a file, with their place: each line of NDJSON, or all of it."""
    if file.suffix not in {".ndjson", ".jsonl"}:
        yield str(file), file.read_bytes()
        return
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield f"{file}:{number}", line


def _usable(place: str, text: bytes) -> list[Found]:
    """The resources of one JSON text; raises Unacceptable with all that is wrong with them."""
    from app.domain.issues import Unacceptable
    from app.fhir import json_text
    from app.fhir.validation import check
    from app.gateway.administering.reference_data import require_usable

    document = json_text.read(text, _LARGEST_DOCUMENT)
    issues = list(check(document))
    if issues:
        raise Unacceptable(*issues)
    found = [Found(_named(place, one), one) for one in _resources(document)]
    for each in found:
        try:
            require_usable(each.document)
        except Unacceptable as refusal:
            issues += [
                replace(issue, text=f"{each.name}: {issue.text}") for issue in refusal.issues
            ]
    if issues:
        raise Unacceptable(*issues)
    return found


def _resources(document: dict[str, Any]) -> list[dict[str, Any]]:
    if document["resourceType"] != "Bundle":
        return [document]
    return [entry["resource"] for entry in document.get("entry", []) if "resource" in entry]


def _named(place: str, document: dict[str, Any]) -> str:
    return f"{place}, {document['resourceType']}/{document.get('id', '?')}"


def _load(
    found: list[Found], installation: Installation, payer: Payer, *, is_quiet: bool
) -> Counter[str]:
    from rich.console import Console
    from rich.progress import track

    from app.domain.issues import Unacceptable
    from app.domain.parties import Scope

    changes: Counter[str] = Counter()
    batches = [found[at : at + _TOGETHER] for at in range(0, len(found), _TOGETHER)]
    console = Console(stderr=True)
    is_hidden = is_quiet or not console.is_terminal
    for batch in track(batches, "Loading", console=console, disable=is_hidden):
        try:
            changes.update(_written(installation, Scope(payer.id), partial(_kept, batch)))
        except Unacceptable as refusal:
            done = f"\n{changes.total()} resources before it are loaded; load again once mended."
            raise Refusal(_listed(refusal.issues) + done) from None
    return changes


def _written(
    installation: Installation, scope: Scope, effect: Callable[[UnitOfWork], list[str]]
) -> list[str]:
    """Write a batch; where another load brings the same at this moment, after it."""
    from app.store.resources import VersionConflict

    for _ in range(_ATTEMPTS):
        try:
            return installation.write(scope, effect)
        except VersionConflict:
            continue
    raise Refusal("Another load is at the same resources. Wait for it, then load again.")


def _kept(batch: list[Found], work: UnitOfWork) -> list[str]:
    from app.gateway.administering.reference_data import in_lock_order

    return [_change(each, work) for each in in_lock_order(batch, lambda each: each.document)]


def _change(found: Found, work: UnitOfWork) -> str:
    from app.domain.issues import Unacceptable
    from app.fhir import json_text
    from app.gateway.administering.reference_data import keep

    try:
        return str(keep(found.document, json_text.write(found.document), "load", work).change)
    except Unacceptable as refusal:
        named = (replace(issue, text=f"{found.name}: {issue.text}") for issue in refusal.issues)
        raise Unacceptable(*named) from None


def _bounded(problems: list[str]) -> str:
    more = [f"… and {len(problems) - _MOST_TOLD} more"] if len(problems) > _MOST_TOLD else []
    return "\n".join([*problems[:_MOST_TOLD], *more])


def _listed(issues: Iterable[Issue]) -> str:
    return "; ".join(
        f"{issue.text} ({issue.expression})" if issue.expression else issue.text for issue in issues
    )

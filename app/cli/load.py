"""`eclaims load`: the payer's own reference data, from JSON, a Bundle or NDJSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
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
    told,
)

if TYPE_CHECKING:
    from app.domain.issues import Issue
    from app.domain.parties import Payer
    from app.gateway.installation import Installation
    from app.store.unit_of_work import UnitOfWork

# So many at a time are one transaction: few enough to let requests in between.
_TOGETHER = 200
_MOST_TOLD = 20
_LARGEST_DOCUMENT = 100 * 1024 * 1024


@click.command()
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@payer_option
@instance_option
@json_option
def load(files: tuple[Path, ...], payer_name: str | None, instance: Path, as_json: bool) -> None:
    """Load the payer's own data from FILES: Patient, Coverage, InsurancePlan, prices.

    Each file is one JSON resource, a Bundle of resources, or NDJSON. Ids are kept; what is loaded
    again replaces what is there. Every file is read and checked before anything is loaded.
    """
    installation = open_installation(instance)
    payer = payer_of(administration_of(installation), payer_name)
    documents = [document for file in files for document in _checked(file)]
    changes = _load(documents, installation, payer, is_quiet=as_json)
    if as_json:
        told(dict(changes))
        return
    click.echo(", ".join(f"{count} {change}" for change, count in sorted(changes.items())))


def _load(
    documents: list[dict[str, Any]], installation: Installation, payer: Payer, *, is_quiet: bool
) -> Counter[str]:
    from rich.console import Console
    from rich.progress import track

    from app.domain.issues import Unacceptable
    from app.domain.parties import Scope

    changes: Counter[str] = Counter()
    batches = [documents[at : at + _TOGETHER] for at in range(0, len(documents), _TOGETHER)]
    shown = track(batches, "Loading", console=Console(stderr=True), disable=is_quiet)
    for batch in shown:
        try:
            changes.update(installation.write(Scope(payer.id), partial(_kept, batch)))
        except Unacceptable as refusal:
            done = f" {changes.total()} resources before it are loaded; load again once mended."
            raise Refusal(_listed(refusal.issues) + done) from None
    return changes


def _kept(batch: list[dict[str, Any]], work: UnitOfWork) -> list[str]:
    from app.fhir import json_text
    from app.gateway.reference_data import keep

    return [str(keep(each, json_text.write(each), "load", work).change) for each in batch]


def _checked(file: Path) -> list[dict[str, Any]]:
    """Every resource of a file; all of its problems are told at once."""
    from app.domain.issues import Unacceptable
    from app.fhir.validation import check

    documents = []
    problems = []
    for place, text in _texts(file):
        try:
            found = _resources(text)
        except Unacceptable as refusal:
            problems.append(f"{place}: {_listed(refusal.issues)}")
            continue
        for document in found:
            issues = check(document)
            if issues:
                named = f"{document.get('resourceType')}/{document.get('id', '?')}"
                problems.append(f"{place}, {named}: {_listed(issues)}")
            documents.append(document)
    if problems:
        more = f"\n… and {len(problems) - _MOST_TOLD} more" if len(problems) > _MOST_TOLD else ""
        raise Refusal("Nothing was loaded.\n" + "\n".join(problems[:_MOST_TOLD]) + more)
    return documents


def _texts(file: Path) -> Iterator[tuple[str, bytes]]:
    """The JSON texts of a file: each line of NDJSON, or all of it."""
    if file.suffix not in {".ndjson", ".jsonl"}:
        yield str(file), file.read_bytes()
        return
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield f"{file}:{number}", line


def _resources(text: bytes) -> list[dict[str, Any]]:
    from app.fhir import json_text

    document = json_text.read(text, _LARGEST_DOCUMENT)
    if document.get("resourceType") != "Bundle":
        return [document]
    return [entry["resource"] for entry in document.get("entry", []) if "resource" in entry]


def _listed(issues: Iterable[Issue]) -> str:
    return "; ".join(f"{issue.text} ({issue.expression})" for issue in issues)

"""`eclaims audit`: whether the audit is as it was written, and the seal to hold it against."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict
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
    table,
    told,
)

if TYPE_CHECKING:
    from app.domain.parties import Payer
    from app.gateway.auditing.verifying import Verified
    from app.gateway.installation import Installation

_all_payers = click.option("--payer", "payer_name", help="The payer; without it all of them.")


class SealType(click.ParamType["tuple[str, int, str]"]):
    """A seal as `export-seal` prints it: PAYER:NUMBER:DIGEST."""

    name = "payer:number:digest"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str, int, str]:
        """Read it; a bad spelling is bad usage."""
        if isinstance(value, tuple):
            return value
        payer_id, _, rest = value.partition(":")
        number, _, digest = rest.partition(":")
        if not (payer_id and digest and number.isascii() and number.isdigit()):
            self.fail(f"{value!r} is no PAYER:NUMBER:DIGEST of `eclaims audit export-seal`")
        return payer_id, int(number), digest


@click.group()
def audit() -> None:
    """Who did what: verify that nobody changed it since, export the seal to verify by."""


@audit.command()
@_all_payers
@click.option("--expect", "expected", type=SealType(), multiple=True, help="A seal exported once.")
@instance_option
@json_option
def verify(
    payer_name: str | None,
    expected: tuple[tuple[str, int, str], ...],
    instance: Path,
    as_json: bool,
) -> None:
    """Hold every row of the audit against its digest, and all of them against their seals.

    Exits with 1 where anything is not as it was. That rows and seals at the end were cut off is
    found by --expect alone, which may be repeated.
    """
    installation = open_installation(instance)
    payers = _payers(installation, payer_name)
    by_payer: dict[str, dict[int, str]] = defaultdict(dict)
    for payer_id, number, digest in expected:
        by_payer[payer_id][number] = digest
    unknown = by_payer.keys() - {payer.id for payer in payers}
    if unknown:
        raise Refusal(f"There is no payer {min(unknown)} here, of which a seal is expected.")
    found = _verified(installation, payers, by_payer, shows=not as_json)
    if as_json:
        told({"payers": [_document(one) for one in found]})
    else:
        _tell(found)
    if any(one.faults for one in found):
        raise click.exceptions.Exit(1)


@audit.command("export-seal")
@_all_payers
@instance_option
@json_option
def export_seal(payer_name: str | None, instance: Path, as_json: bool) -> None:
    """Print each payer's last seal, to be kept where nobody who writes the database reaches it."""
    from app.gateway.auditing.verifying import newest

    installation = open_installation(instance)
    found = [(payer, newest(installation, payer)) for payer in _payers(installation, payer_name)]
    sealed = [(payer, seal) for payer, seal in found if seal is not None]
    if as_json:
        told({"seals": [{"payer": payer.id, **asdict(seal)} for payer, seal in sealed]})
        return
    for payer, seal in sealed:
        click.echo(f"{payer.id}:{seal.number}:{seal.digest}")
    if not sealed:
        raise Refusal(
            "Nothing is sealed yet: `eclaims serve` or `eclaims work` does so each minute."
        )


def _payers(installation: Installation, name: str | None) -> list[Payer]:
    administration = administration_of(installation)
    return [payer_of(administration, name)] if name else administration.payers()


def _verified(
    installation: Installation,
    payers: list[Payer],
    expected: dict[str, dict[int, str]],
    *,
    shows: bool,
) -> list[Verified]:
    from rich.console import Console
    from rich.progress import Progress

    from app.gateway.auditing import verifying

    console = Console(stderr=True)
    with Progress(console=console, disable=not shows or not console.is_terminal) as shown:
        rows = sum(verifying.count(installation, payer) for payer in payers)
        task = shown.add_task("Verifying", total=rows)
        return [
            verifying.verified(
                installation,
                payer,
                expected.get(payer.id, {}),
                lambda done: shown.advance(task, done),
            )
            for payer in payers
        ]


def _document(one: Verified) -> dict[str, Any]:
    return {
        "payer": one.payer.name,
        "rows": one.rows,
        "seals": one.seals,
        "unsealed": one.unsealed,
        "newest": None if one.newest is None else asdict(one.newest),
        "faults": one.faults,
        "found": [asdict(finding) for finding in one.found],
    }


def _tell(found: list[Verified]) -> None:
    rows = [
        (one.payer.name, str(one.rows), str(one.seals), str(one.unsealed), str(one.faults))
        for one in found
    ]
    table("The audit", "payer", "rows", "seals", "not sealed yet", "not as it was", rows=rows)
    for one in found:
        for finding in one.found:
            click.echo(f"{one.payer.name}: {finding.text}")
        if one.faults > len(one.found):
            click.echo(f"{one.payer.name}: and {one.faults - len(one.found)} more.")

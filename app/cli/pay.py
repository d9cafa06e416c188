"""`eclaims pay`: what became owed is paid now, one payment for each payee and currency."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

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
    from collections.abc import Iterator

    from app.domain.parties import Payer
    from app.gateway.installation import Installation
    from app.gateway.payments.proof_sheet import ProofSheet
    from app.gateway.payments.runs import Paid

_FILE = click.Path(dir_okay=False, writable=True, path_type=Path)
_COLUMNS = ("payer", "submitter", "outcome", "amount", "currency", "claims", "quarantined")


@click.group(invoke_without_command=True)
@click.option("--payer", "payer_name", help="Only what this payer owes.")
@click.option("--dry-run", is_flag=True, help="Tell what a run would do, and change nothing.")
@instance_option
@json_option
@click.pass_context
def pay(
    context: click.Context, payer_name: str | None, dry_run: bool, instance: Path, as_json: bool
) -> None:
    """Pay what is owed: a PaymentReconciliation for each payee and currency.

    Each is a transaction of its own, so that a run that is interrupted is simply run again. A Claim
    that cannot be paid is left out and told; what comes to less than nothing is carried forward.
    """
    if context.invoked_subcommand is not None:
        _require_none_before(context)
        return
    installation = open_installation(instance)
    administration = administration_of(installation)
    names = {one.client.id: one.client.name for one in administration.registrations()}
    payers = [payer_of(administration, payer_name)] if payer_name else administration.payers()
    lines = [
        _line(payer, names, paid)
        for payer in payers
        for paid in _paid(installation, payer, is_tried=dry_run, is_quiet=as_json)
    ]
    if as_json:
        told(lines)
    elif lines:
        title = "What would be paid" if dry_run else "Paid"
        rows = [tuple(_cell(line[column]) for column in _COLUMNS) for line in lines]
        table(title, *_COLUMNS, rows=rows)
    else:
        click.echo("Nothing is owed.")


def _require_none_before(context: click.Context) -> None:
    """What is said before the name of a command would not reach it: it is not passed over."""
    said = [
        parameter.opts[0]
        for parameter in context.command.params
        if context.get_parameter_source(parameter.name or "") is ParameterSource.COMMANDLINE
    ]
    if said:
        name = f"pay {context.invoked_subcommand}"
        raise click.UsageError(f"Say {', '.join(said)} after `{name}`, as far as it has it.")


@pay.command()
@click.argument("reconciliation")
@click.option("--payer", "payer_name", help="Only a payment of this payer.")
@click.option("--csv", "csv_file", type=_FILE, help="Write the sheet to this file as CSV.")
@click.option("--pdf", "pdf_file", type=_FILE, help="Write the sheet to this file as PDF.")
@instance_option
@json_option
def proof(
    reconciliation: str,
    payer_name: str | None,
    csv_file: Path | None,
    pdf_file: Path | None,
    instance: Path,
    as_json: bool,
) -> None:
    """Show what a payment is made of, by the id of its PaymentReconciliation.

    What had been carried forward, what came to it, what was paid; each Claim, and those left out.
    """
    from app.gateway.payments.proof_pdf import as_pdf
    from app.gateway.payments.proof_sheet import as_csv, as_document

    sheet = _sheet(reconciliation, payer_name, instance)
    if csv_file is not None:
        csv_file.write_bytes(as_csv(sheet))
    if pdf_file is not None:
        pdf_file.write_bytes(as_pdf(sheet))
    if as_json:
        told(as_document(sheet))
    elif csv_file is None and pdf_file is None:
        _show(sheet)


def _sheet(reconciliation: str, payer_name: str | None, instance: Path) -> ProofSheet:
    from app.domain.settlement import Unbalanced
    from app.gateway.payments.proof_sheet import proof_sheet
    from app.gateway.payments.proofs import proof_of

    installation = open_installation(instance)
    administration = administration_of(installation)
    payers = [payer_of(administration, payer_name)] if payer_name else administration.payers()
    try:
        found = proof_of(installation, payers, reconciliation.rpartition("/")[2])
    except Unbalanced as fault:
        raise Refusal(f"There is no proof: {fault}.") from None
    if found is None:
        raise Refusal(f"There is no payment {reconciliation!r}.")
    return proof_sheet(*found)


def _show(sheet: ProofSheet) -> None:
    from app.gateway.payments.proof_sheet import DETAIL_COLUMNS, LEFT_OUT_COLUMNS

    table(sheet.title, "", "", rows=sheet.facts)
    table("Equation", "", sheet.currency, rows=sheet.equation)
    table("Details", *DETAIL_COLUMNS, rows=sheet.details)
    if sheet.left_out:
        table("Left out", *LEFT_OUT_COLUMNS, rows=sheet.left_out)


def _paid(
    installation: Installation, payer: Payer, *, is_tried: bool, is_quiet: bool
) -> Iterator[Paid]:
    from rich.console import Console
    from rich.progress import track

    from app.gateway.jobs.reconcile_payments import reconciled, tried, unsettled

    ledgers = unsettled(installation, payer)
    console = Console(stderr=True)
    is_hidden = is_quiet or not console.is_terminal
    for ledger in track(ledgers, "Paying", console=console, disable=is_hidden):
        if is_tried:
            yield from tried(installation, ledger, payer)
        else:
            yield from reconciled(installation, payer, ledger.submitter_id, ledger.id)


def _line(payer: Payer, names: dict[str, str], paid: Paid) -> dict[str, Any]:
    return {
        "payer": payer.name,
        "submitter": names[paid.ledger.submitter_id],
        "outcome": _outcome(paid),
        "amount": f"{paid.amount.amount:f}",
        "currency": paid.ledger.currency,
        "claims": len(paid.settlement.details),
        "payment": paid.payment_id,
        "quarantined": {id: str(fault) for id, fault in sorted(paid.faults.items())},
    }


def _outcome(paid: Paid) -> str:
    if paid.is_carried:
        return "carried"
    return "paid" if paid.settlement.is_issued else "nothing"


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        return "\n".join(f"Claim/{id}: {fault}" for id, fault in value.items()) or "-"
    return str(value)

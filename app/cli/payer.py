"""`eclaims payer`: the tenants of an installation, their rules and their own clients."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli.client_keys import jwks_option, jwks_url_option, keys_of
from app.cli.limits import TimeLimitType, with_limits
from app.cli.options import (
    IdentifierType,
    Refusal,
    SecondsType,
    administration_of,
    instance_option,
    json_option,
    open_installation,
    payer_of,
    payer_option,
    table,
    told,
)
from app.cli.scopes import permissions_of, scope_option

if TYPE_CHECKING:
    from app.domain.parties import Payer, PayerSettings
    from app.domain.references import Identifier
    from app.gateway.installation import Installation


@click.group()
def payer() -> None:
    """Payers: add, list, change their rules, issue a payer client's token."""


@payer.command()
@click.argument("name")
@click.option("--identifier", "identifiers", multiple=True, type=IdentifierType())
@instance_option
@json_option
def add(name: str, identifiers: tuple[Identifier, ...], instance: Path, as_json: bool) -> None:
    """Add a payer. With identifiers, only requests that name one of them, or none, are taken."""
    from app.gateway.administering.administration import NameTaken
    from app.gateway.administering.new_payer import new_payer

    try:
        added = new_payer(open_installation(instance), name, identifiers)
    except NameTaken:
        raise Refusal(f"There is a payer {name!r} already.") from None
    _show(added, as_json)


@payer.command("list")
@instance_option
@json_option
def list_payers(instance: Path, as_json: bool) -> None:
    """Show every payer and its rules."""
    found = administration_of(open_installation(instance)).payers()
    if as_json:
        told([_document(one) for one in found])
        return
    for one in found:
        _show(one, as_json=False)


@payer.command("set")
@click.argument("name", required=False)
@click.option("--duplicate-claim-identifier", type=click.Choice(["refuse", "accept"]))
@click.option("--adjudicator", help="The name of an installed adjudicator.")
@click.option("--default-plan", help="The identifier value of an InsurancePlan.")
@click.option(
    "--authorization-url",
    help="Where a provider reads what a preauthorization needs; an empty text takes it back.",
)
@click.option("--zone", help="The time zone of the payer's days, such as Europe/Berlin.")
@click.option("--await-coverage-days", type=click.IntRange(0, 3650))
@click.option("--await-information-days", type=click.IntRange(0, 3650))
@click.option(
    "--preauthorization-run-out-days",
    type=click.IntRange(0, 3650),
    help="How long after a preauthorization's last day Claims for its days may still come.",
)
@click.option(
    "--keep-polls-days",
    type=click.IntRange(0, 36500),
    help="How long polls and statuses are kept; 0: for ever.",
)
@click.option(
    "--real-time-budget-seconds",
    "real_time_budget",
    type=SecondsType(30),
    help="How long the sender of something urgent is kept waiting for the decision.",
)
@click.option("--nullify-paid/--no-nullify-paid", default=None, help="May paid Claims be purged?")
@click.option(
    "--nullify-approval/--no-nullify-approval",
    "nullify_needs_approval",
    default=None,
    help="Does a purge wait for `eclaims nullify approve`?",
)
@click.option(
    "--pay-daily/--no-pay-daily",
    "pays_daily",
    default=None,
    help="Is what is owed paid each night, or by `eclaims pay` alone?",
)
@click.option(
    "--decide-within",
    "time_limits",
    metavar="KIND=TIME",
    multiple=True,
    type=TimeLimitType(),
    help="The time to decide requests of a kind: preauthorization/stat=72h, or =default.",
)
@instance_option
@json_option
def set_rules(name: str | None, instance: Path, as_json: bool, **rules: Any) -> None:
    """Change the rules of a payer (the default payer without NAME)."""
    installation = open_installation(instance)
    administration = administration_of(installation)
    found = payer_of(administration, name)
    changed = replace(found, settings=_changed(found.settings, rules))
    _require_plan(changed, installation)
    administration.set_payer_settings(changed)
    _show(changed, as_json)


@payer.command()
@click.argument("client_name", metavar="CLIENT")
@click.option("--payer", "payer_name", help="The payer; without it the default one.")
@scope_option
@instance_option
@json_option
def token(
    client_name: str,
    payer_name: str | None,
    scopes: tuple[str, ...],
    instance: Path,
    as_json: bool,
) -> None:
    """Register a client of the payer's own and print its token, once."""
    from app.domain.parties import Client, ClientKind
    from app.gateway.administering.administration import NameTaken

    installation = open_installation(instance)
    administration = administration_of(installation)
    owner = payer_of(administration, payer_name)
    id, permissions = installation.new_id(), permissions_of(scopes)
    kind = ClientKind.PAYER_CLIENT
    client = Client(id, owner, kind, client_name, permissions=permissions)
    try:
        issued = administration.add_client(client)
    except NameTaken:
        raise Refusal(f"{owner.name!r} has a client {client_name!r} already.") from None
    if as_json:
        told({"client_id": issued.client.id, "token": issued.token})
        return
    click.echo(f"Client {issued.client.id}; its token, shown this once:\n{issued.token}")


@payer.command()
@click.argument("client_name", metavar="CLIENT")
@jwks_option
@jwks_url_option
@scope_option
@payer_option
@instance_option
@json_option
def client(
    client_name: str,
    jwks: Path | None,
    jwks_url: str | None,
    scopes: tuple[str, ...],
    payer_name: str | None,
    instance: Path,
    as_json: bool,
) -> None:
    """Register a client of the payer's own that proves who it is by its keys."""
    from app.domain.parties import Client, ClientKind
    from app.gateway.administering.administration import NameTaken

    keys = keys_of(jwks, jwks_url)
    if keys is None:
        raise click.UsageError("Give --jwks or --jwks-url; without keys: `eclaims payer token`.")
    installation = open_installation(instance)
    administration = administration_of(installation)
    owner = payer_of(administration, payer_name)
    added = Client(
        installation.new_id(),
        owner,
        ClientKind.PAYER_CLIENT,
        client_name,
        permissions=permissions_of(scopes),
    )
    try:
        administration.add_client(added, keys)
    except NameTaken:
        raise Refusal(f"{owner.name!r} has a client {client_name!r} already.") from None
    if as_json:
        told({"client_id": added.id})
        return
    click.echo(f"Client {added.id}; it proves who it is by its keys.")


def _changed(settings: PayerSettings, rules: dict[str, Any]) -> PayerSettings:
    from datetime import timedelta
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    from app.domain.parties import DuplicateClaims
    from app.gateway.adjudicators import installed

    given = {name: value for name, value in rules.items() if value not in (None, ())}
    if "time_limits" in given:
        given["decide_within"] = with_limits(settings.decide_within, given.pop("time_limits"))
    if "adjudicator" in given and given["adjudicator"] not in installed():
        raise Refusal(f"Installed adjudicators are: {', '.join(sorted(installed()))}.")
    if "authorization_url" in given:
        given["authorization_url"] = _url(given["authorization_url"])
    if "duplicate_claim_identifier" in given:
        policy = given["duplicate_claim_identifier"]
        given["duplicate_claim_identifier"] = DuplicateClaims(policy)
    for name in ("await_coverage", "await_information", "preauthorization_run_out", "keep_polls"):
        if f"{name}_days" in given:
            given[name] = timedelta(days=given.pop(f"{name}_days"))
    if "zone" in given:
        try:
            given["zone"] = ZoneInfo(given["zone"])
        except (ZoneInfoNotFoundError, ValueError):
            raise Refusal(f"There is no time zone {given['zone']!r}.") from None
    return replace(settings, **given)


def _url(text: str) -> str | None:
    """An address that a person can open; None for an empty text."""
    if text and not re.fullmatch(r"https?://[^\s/]\S*", text):
        raise Refusal(f"{text!r} is not an http or https address.")
    return text or None


def _require_plan(payer: Payer, installation: Installation) -> None:
    """The default plan is one that the payer has: without it every Claim would wait."""
    from app.domain.parties import Scope
    from app.gateway.administering.reference_data import plan_key

    value = payer.settings.default_plan
    if value is None:
        return
    key = plan_key(value)
    held = installation.read(
        Scope(payer.id), lambda work: work.reference_data.identified(("InsurancePlan",), key)
    )
    if not held:
        raise Refusal(f"{payer.name!r} has no InsurancePlan {value!r}: `eclaims load` it first.")


def _show(shown: Payer, as_json: bool) -> None:
    if as_json:
        told(_document(shown))
        return
    rows = [
        (name.replace("_", " "), "\n".join(value) if isinstance(value, list) else str(value))
        for name, value in _document(shown).items()
    ]
    table(shown.name, "rule", "value", rows=rows)


def _document(shown: Payer) -> dict[str, Any]:
    from app.domain.clocks import limits

    settings = shown.settings
    return {
        "payer_id": shown.id,
        "name": shown.name,
        "identifiers": [one.key for one in shown.identifiers],
        "duplicate_claim_identifier": settings.duplicate_claim_identifier,
        "adjudicator": settings.adjudicator,
        "default_plan": settings.default_plan,
        "authorization_url": settings.authorization_url,
        "zone": str(settings.zone),
        "await_coverage_days": settings.await_coverage.days,
        "await_information_days": settings.await_information.days,
        "preauthorization_valid_days": settings.preauthorization_valid.days,
        "keep_polls_days": settings.keep_polls.days,
        "preauthorization_run_out_days": settings.preauthorization_run_out.days,
        "real_time_budget_seconds": settings.real_time_budget.total_seconds(),
        "nullify_paid": settings.nullify_paid,
        "nullify_needs_approval": settings.nullify_needs_approval,
        "pays_daily": settings.pays_daily,
        "decide_within": [str(one) for one in limits(settings.decide_within)],
    }

"""What several commands share: their options, opening an installation, and speaking to people."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from app.domain.parties import Client, Payer
    from app.domain.references import Identifier
    from app.gateway.administering.administration import Administration
    from app.gateway.installation import Installation
    from app.settings import Settings

F = TypeVar("F", bound=Callable[..., Any])

NO_ANSWER = (
    "The database does not answer. Is it running, and `database` in the settings right? "
    "Nothing was changed."
)

KEYS_MISSING = "The keys that text is encrypted under are not here"

instance_option = click.option(
    "--instance",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("instance"),
    show_default=True,
    envvar="ECLAIMS_INSTANCE",
    help="The directory of the installation.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
payer_option = click.option("--payer", "payer_name", help="The payer; without it the default one.")


class Refusal(click.ClickException):
    """Something that cannot be done, in one sentence with the next step; exit code 1."""

    exit_code = 1


class IdentifierType(click.ParamType["Identifier"]):
    """A business identifier, spelled `system|value`."""

    name = "system|value"

    def convert(self, value: Any, param: Any, ctx: Any) -> Identifier:
        """Read it; a bad spelling is bad usage."""
        from app.domain.references import Identifier

        if isinstance(value, Identifier):
            return value
        try:
            return Identifier.parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class SecondsType(click.ParamType["timedelta"]):
    """A decimal number of seconds up to `longest`, kept to the millisecond."""

    name = "seconds"

    def __init__(self, longest: int) -> None:
        self._longest = longest

    def convert(self, value: Any, param: Any, ctx: Any) -> timedelta:
        """Read it; a bad spelling is bad usage."""
        try:
            seconds = Decimal(value)
            is_within = 0 <= seconds <= self._longest
        except InvalidOperation:
            is_within = False
        if not is_within or seconds != round(seconds, 3):
            text = f"{value!r} is no number of seconds from 0 to {self._longest}, such as 2.5"
            self.fail(text, param, ctx)
        return timedelta(milliseconds=int(seconds * 1000))


def read_settings(instance: Path) -> Settings:
    """The settings of an installation; a wrong one is told in one line."""
    from app import settings

    try:
        return settings.read(instance)
    except settings.WrongSettings as error:
        raise Refusal(str(error)) from None


def create_installation(instance: Path) -> Installation:
    """An installation as it stands, closed when the command ends."""
    import app
    from app.settings import WrongSettings

    try:
        installation = app.create_installation(read_settings(instance))
    except WrongSettings as error:
        raise Refusal(str(error)) from None
    click.get_current_context().call_on_close(installation.store.close)
    return installation


def open_installation(instance: Path) -> Installation:
    """An installation whose schema is the one this version works with, and whose keys are here."""
    from app.gateway.administering import encryption

    installation = require_schema(instance)
    with keys_told(instance):
        encryption.require_keys(installation, is_required=read_settings(instance).encryption)
    return installation


@contextmanager
def keys_told(instance: Path) -> Iterator[None]:
    """Tell in one line that keys are missing or wrong."""
    from app.gateway.administering.encryption import NoKeys
    from app.store.encryption.ring import KeyUnknown, WrongKeys

    is_program = bool(read_settings(instance).keys_command)
    try:
        yield
    except WrongKeys as fault:
        step = "Mend the program" if is_program else "Put the keys back from your copy"
        raise Refusal(f"{fault}. {step}.") from None
    except (KeyUnknown, NoKeys):
        step = f"`eclaims encryption status --instance {instance}` tells which"
        raise Refusal(f"{KEYS_MISSING}: put them back from your copy. {step}.") from None


def require_schema(instance: Path) -> Installation:
    """An installation whose schema is the one this version works with."""
    from app.store import schema

    installation = create_installation(instance)
    schema.require_restored(installation.store)
    revision = schema.current(installation.store)
    if revision != schema.newest():
        text = f"The database is at revision {revision or 'none'}, not {schema.newest()}."
        raise Refusal(f"{text} Run `eclaims db upgrade --instance {instance}`.")
    if not administration_of(installation).is_key_known():
        text = "index_key is not the one that this database was written with"
        raise Refusal(f"{text}: put {instance / 'settings.toml'} back from your copy.")
    return installation


def administration_of(installation: Installation) -> Administration:
    """Who speaks with an installation."""
    from app.gateway.administering.administration import Administration

    return Administration(installation)


def payer_of(administration: Administration, name: str | None) -> Payer:
    """The named payer, or the default one."""
    payer = administration.find_payer(name)
    if payer is None:
        raise Refusal(f"There is no payer {name!r}; `eclaims payer list` shows those there are.")
    return payer


def client_of(administration: Administration, name: str, payer_name: str | None) -> Client:
    """The client of this name or id, of one payer or of the only one that has it."""
    owner = payer_of(administration, payer_name) if payer_name else None
    found = administration.find_registration(name, owner)
    if found is None:
        raise Refusal(f"There is no single client {name!r}; `eclaims submitter list` shows all.")
    return found.client


def told(document: Any) -> None:
    """Print JSON on standard output."""
    click.echo(json.dumps(document, indent=2, default=str))


def table(title: str, *columns: str, rows: Sequence[tuple[str, ...]]) -> None:
    """Print a table for a person; brackets are brackets, and no markup."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    shown = Table(title=escape(title), title_justify="left")
    for column in columns:
        shown.add_column(column, overflow="fold")
    for row in rows:
        shown.add_row(*(escape(cell) for cell in row))
    Console().print(shown)

"""Payers and their clients, as rows."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, Select, bindparam, insert, select, update

from app.domain.clocks import TimeLimit
from app.domain.codes import HandOver
from app.domain.parties import (
    ANYBODY,
    Client,
    ClientKind,
    DuplicateClaims,
    Payer,
    PayerSettings,
)
from app.domain.permissions import EVERYTHING, Permissions
from app.domain.references import Identifier
from app.store import tables
from app.store.database.questions import Question

_p = tables.payer.c
_c = tables.client.c


@dataclass(frozen=True, slots=True)
class Registration:
    """A client as its operator sees it."""

    client: Client
    created_at: datetime
    disabled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Named:
    """A client, and the public part of the signing key that was asked for; None without one."""

    client: Client
    public: str | None
    ends_at: datetime | None


class Parties:
    """Every payer and client of the installation."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add_payer(
        self, payer: Payer, now: datetime, *, is_default: bool = False, key_check: str = ""
    ) -> None:
        """Register a payer; its name must be free."""
        self._connection.execute(
            insert(tables.payer).values(
                id=payer.id,
                name=payer.name,
                is_default=is_default,
                identifiers=_written(payer.identifiers),
                settings=json.dumps(_settings_written(payer.settings)),
                created_at=now,
                reference_epoch=0,
                key_check=key_check,
            )
        )

    def payers(self) -> list[Payer]:
        """Every payer, the default one first."""
        query = select(tables.payer).order_by(_p.is_default.desc(), _p.name)
        return [_payer(row) for row in self._connection.execute(query)]

    def key_checks(self) -> dict[str, str]:
        """What tells of each payer, by its id, which index key it was registered under."""
        return {
            row.id: row.key_check for row in self._connection.execute(select(_p.id, _p.key_check))
        }

    def find_payer(self, name: str | None) -> Payer | None:
        """A payer by name or id; without a name the default one."""
        wanted = _p.is_default.is_(True) if name is None else (_p.name == name) | (_p.id == name)
        row = self._connection.execute(select(tables.payer).where(wanted)).one_or_none()
        return None if row is None else _payer(row)

    def set_payer_settings(self, payer: Payer) -> None:
        """Keep a payer's changed settings."""
        self._connection.execute(
            update(tables.payer)
            .where(_p.id == payer.id)
            .values(settings=json.dumps(_settings_written(payer.settings)))
        )

    def add_client(self, client: Client, token_hash: str, now: datetime) -> None:
        """Register a client, and a submitter's queue with it."""
        acts_for = [ANYBODY] if client.acts_for_anybody else []
        self._connection.execute(
            insert(tables.client).values(
                id=client.id,
                payer_id=client.payer.id,
                kind=client.kind,
                name=client.name,
                identifiers=_written(client.identifiers),
                acts_for=json.dumps(acts_for + [one.key for one in client.acts_for]),
                hand_over=client.hand_over,
                may_enroll=client.may_enroll,
                scopes=_scopes_written(client.permissions),
                token_hash=token_hash,
                created_at=now,
            )
        )
        if client.kind is ClientKind.SUBMITTER:
            self._connection.execute(
                insert(tables.queue_head).values(payer_id=client.payer.id, submitter_id=client.id)
            )

    def find_client(self, token_hash: str) -> Client | None:
        """The client behind a token; None for an unknown token or a disabled client."""
        row = _behind_a_token().row(self._connection, {"b_hash": token_hash})
        # As the row is now: whoever was disabled or changed a moment ago is not found as before.
        return None if row is None else _read_as(row).client

    def find_named(self, client_id: str, kid: str = "") -> Named | None:
        """The client of an id, with a signing key of ours; None for unknown or disabled ones."""
        given = {"b_client": client_id, "b_kid": kid}
        row = _by_id_and_key().row(self._connection, given)
        if row is None:
            return None
        return Named(_read_as(row).client, row.key_public, row.key_ends_at)

    def registrations(self, payer: Payer | None = None) -> list[Registration]:
        """Every client, of one payer or of all."""
        return self._clients(*(() if payer is None else (_c.payer_id == payer.id,)))

    def find_registration(self, name: str, payer: Payer | None) -> Registration | None:
        """A client by name or id; None where there is none, or several payers have one."""
        found = [
            one for one in self.registrations(payer) if name in (one.client.name, one.client.id)
        ]
        return found[0] if len(found) == 1 else None

    def set_permissions(self, client: Client) -> None:
        """Keep what a client's credential may do from the next request on."""
        self._connection.execute(
            update(tables.client)
            .where(_c.id == client.id)
            .values(scopes=_scopes_written(client.permissions))
        )

    def disable_client(self, client: Client, now: datetime) -> None:
        """No token of this client is known from now on."""
        self._connection.execute(
            update(tables.client).where(_c.id == client.id).values(disabled_at=now)
        )

    def rotate_token(self, client: Client, token_hash: str) -> None:
        """Only the new token is known from now on."""
        self._connection.execute(
            update(tables.client)
            .where(_c.id == client.id)
            .values(token_hash=token_hash, disabled_at=None)
        )

    def _clients(self, *wanted: Any) -> list[Registration]:
        query = _with_owners().where(*wanted).order_by(_c.created_at, _c.name)
        return [_registration(row) for row in self._connection.execute(query)]


@cache
def _with_owners() -> Select[Any]:
    return select(
        tables.client, *(column.label(f"owner_{column.name}") for column in _p)
    ).join_from(tables.client, tables.payer, _p.id == _c.payer_id)


@cache
def _behind_a_token() -> Question:
    is_it = (_c.token_hash == bindparam("b_hash"), _c.disabled_at.is_(None))
    return Question(_with_owners().where(*is_it))


@cache
def _by_id_and_key() -> Question:
    # Both by one statement: what was disabled or retired a moment ago counts with each request.
    key = tables.signing_key
    columns = (key.c.public.label("key_public"), key.c.ends_at.label("key_ends_at"))
    is_it = (_c.id == bindparam("b_client"), _c.disabled_at.is_(None))
    joined = _with_owners().outerjoin(key, key.c.kid == bindparam("b_kid"))
    return Question(joined.add_columns(*columns).where(*is_it))


# Nearly every request is of a client that was read before, and reading its rules takes longer than
# the statement; the row itself is what tells that nothing has changed.
@lru_cache(maxsize=256)
def _read_as(row: tuple[Any, ...]) -> Registration:
    return _registration(row)


def _registration(row: Any) -> Registration:
    acts_for = json.loads(row.acts_for)
    payer = Payer(
        row.owner_id,
        row.owner_name,
        _read(row.owner_identifiers),
        _settings_read(json.loads(row.owner_settings)),
        row.owner_reference_epoch,
    )
    client = Client(
        id=row.id,
        payer=payer,
        kind=row.kind,
        name=row.name,
        identifiers=_read(row.identifiers),
        acts_for=tuple(Identifier.parse(key) for key in acts_for if key != ANYBODY),
        acts_for_anybody=ANYBODY in acts_for,
        hand_over=HandOver(row.hand_over),
        may_enroll=row.may_enroll,
        permissions=EVERYTHING if row.scopes is None else Permissions.parse(row.scopes),
    )
    return Registration(client, row.created_at, row.disabled_at)


def _payer(row: Row[Any]) -> Payer:
    settings = _settings_read(json.loads(row.settings))
    return Payer(row.id, row.name, _read(row.identifiers), settings, row.reference_epoch)


def _scopes_written(permissions: Permissions) -> str | None:
    return None if permissions == EVERYTHING else str(permissions)


def _written(identifiers: tuple[Identifier, ...]) -> str:
    return json.dumps([identifier.key for identifier in identifiers])


def _read(text: str) -> tuple[Identifier, ...]:
    return tuple(Identifier.parse(key) for key in json.loads(text))


def _settings_written(settings: PayerSettings) -> dict[str, Any]:
    return {
        "duplicate-claim-identifier": settings.duplicate_claim_identifier,
        "default-plan": settings.default_plan,
        "authorization-url": settings.authorization_url,
        "adjudicator": settings.adjudicator,
        "zone": str(settings.zone),
        "await-coverage-days": settings.await_coverage.days,
        "preauthorization-valid-days": settings.preauthorization_valid.days,
        "preauthorization-run-out-days": settings.preauthorization_run_out.days,
        "await-information-days": settings.await_information.days,
        "real-time-budget-milliseconds": settings.real_time_budget // timedelta(milliseconds=1),
        "nullify-paid": settings.nullify_paid,
        "nullify-needs-approval": settings.nullify_needs_approval,
        "pays-daily": settings.pays_daily,
        "keep-polls-days": settings.keep_polls.days,
        "decide-within": [str(one) for one in settings.decide_within],
    }


def _settings_read(kept: dict[str, Any]) -> PayerSettings:
    # A payer that was set up before a rule existed has its default.
    written = _settings_written(PayerSettings()) | kept
    return PayerSettings(
        duplicate_claim_identifier=DuplicateClaims(written["duplicate-claim-identifier"]),
        default_plan=written["default-plan"],
        authorization_url=written["authorization-url"],
        adjudicator=written["adjudicator"],
        zone=ZoneInfo(written["zone"]),
        await_coverage=timedelta(days=written["await-coverage-days"]),
        preauthorization_valid=timedelta(days=written["preauthorization-valid-days"]),
        preauthorization_run_out=timedelta(days=written["preauthorization-run-out-days"]),
        await_information=timedelta(days=written["await-information-days"]),
        real_time_budget=timedelta(milliseconds=written["real-time-budget-milliseconds"]),
        nullify_paid=written["nullify-paid"],
        nullify_needs_approval=written["nullify-needs-approval"],
        pays_daily=written["pays-daily"],
        keep_polls=timedelta(days=written["keep-polls-days"]),
        decide_within=tuple(TimeLimit.parse(one) for one in written["decide-within"]),
    )

"""The option that says what a client's credential may do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from app.cli.options import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.domain.permissions import Permissions

_HELP = "What its credential may do, such as system/Claim.crus; without one everything of its kind."


def scope_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--scope`, once for each."""
    return click.option("--scope", "scopes", multiple=True, help=_HELP)(command)


def permissions_of(scopes: tuple[str, ...]) -> Permissions:
    """What scopes allow, everything without one; raises Refusal for what is no scope here."""
    from app.domain.permissions import EACH, EVERYTHING, Permissions
    from app.gateway.surface import TYPES

    if not scopes:
        return EVERYTHING
    try:
        permissions = Permissions.parse(" ".join(scopes))
    except ValueError as wrong:
        raise Refusal(str(wrong)) from None
    unknown = sorted(permissions.types - TYPES - {EACH})
    if unknown:
        raise Refusal(f"There are no resources of type {', '.join(unknown)} here.")
    return permissions


def told_as(permissions: Permissions) -> list[str]:
    """The scopes as they are shown; none where everything is allowed."""
    from app.domain.permissions import EVERYTHING

    return [] if permissions == EVERYTHING else str(permissions).split()

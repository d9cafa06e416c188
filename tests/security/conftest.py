"""What the tests of security share with those of the command, and of calls to the outside."""

from tests.cli.conftest import (
    _interruptible,
    _no_settings_from_outside,
    eclaims,
    installed,
    instance,
    on_sqlite,
    processes,
)
from tests.outbound.conftest import authority, guard, serving, trust

__all__ = [
    "_interruptible",
    "_no_settings_from_outside",
    "authority",
    "eclaims",
    "guard",
    "installed",
    "instance",
    "on_sqlite",
    "processes",
    "serving",
    "trust",
]

"""The command and its processes, as the tests of the command have them."""

from tests.cli.conftest import (
    _interruptible,
    _no_settings_from_outside,
    eclaims,
    installed,
    instance,
    on_sqlite,
    processes,
)

__all__ = [
    "_interruptible",
    "_no_settings_from_outside",
    "eclaims",
    "installed",
    "instance",
    "on_sqlite",
    "processes",
]

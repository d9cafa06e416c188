"""Whether what goes to a database can be read on the way.

https://www.postgresql.org/docs/current/libpq-ssl.html
"""

from collections.abc import Mapping
from ipaddress import ip_address

_VERIFIED = "verify-full"
_LOCAL_NAME = "localhost"


def is_protected(url: str, environment: Mapping[str, str]) -> bool:
    """Whether a database is on this machine, or reached by TLS with its name checked.

    A URL that names no host means the one that libpq's variables name; False for what libpq cannot
    read.
    """
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    if url.startswith("sqlite"):
        return True
    try:
        found = conninfo_to_dict(url.replace("postgresql+psycopg://", "postgresql://", 1))
    except ProgrammingError:
        return False
    if found.get("sslmode") == _VERIFIED:
        return True
    service = found.get("service") or environment.get("PGSERVICE")
    hosts = _hosts(found.get("host") or environment.get("PGHOST"))
    numbers = _hosts(found.get("hostaddr") or environment.get("PGHOSTADDR"))
    return not service and all(map(_is_here, [*hosts, *numbers]))


def _hosts(text: object) -> list[str]:
    """The hosts of a list; none where libpq takes its socket."""
    return [one for one in str(text or "").split(",") if one]


def _is_here(host: str) -> bool:
    """Whether a host is a socket or a loopback address of this machine."""
    if host.startswith(("/", "@")) or host == _LOCAL_NAME:
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False

"""Logs: one JSON line per event, and only what is on the list.

Health information must never reach a log. What is not named here is dropped, not masked: neither
a body, a query string nor an exception's text can get in by accident.
"""

import logging
import sys
import threading
from collections.abc import MutableMapping
from typing import Any

import structlog

ALLOWED = frozenset(
    {
        "event",
        "level",
        "timestamp",
        "request_id",
        "method",
        "route",
        "status",
        "milliseconds",
        "client",
        "resource_type",
        "task_code",
        "task_status",
        "outcome",
        "error_class",
        "error_line",
        "error_id",
        "job",
        "attempt",
        "count",
        "port",
        "version",
    }
)


def _only_allowed(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    return {name: value for name, value in event.items() if name in ALLOWED}


def configure(level: str = "INFO") -> None:
    """Write our events to standard error, and keep libraries' own texts out of it."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _only_allowed,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    # A library may put anything into its messages; only that something went wrong is kept.
    logging.getLogger().handlers = [_ClassOnly()]
    sys.excepthook = _uncaught
    threading.excepthook = lambda thread: _uncaught(thread.exc_type, None, None)


def _uncaught(error: type[BaseException], *_: object) -> None:
    """A traceback would print whatever the exception holds."""
    log.error("uncaught", error_class=error.__name__)


class _ClassOnly(logging.Handler):
    """Tells that a library logged a problem, and where; never what it said."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)

    def emit(self, record: logging.LogRecord) -> None:
        """Log the place and the class of the exception."""
        error = record.exc_info[0] if record.exc_info else None
        log.error(
            "library problem",
            route=record.name,
            error_class=error.__name__ if error else None,
        )


log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

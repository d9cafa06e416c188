"""One Task code, one file; importing this package registers every handler."""

from app.gateway.handlers import cancel, later, poll, status

__all__ = ["cancel", "later", "poll", "status"]

"""One Task code, one file; importing this package registers every handler."""

from app.gateway.handlers import cancel, deliver, nullify, poll, release, reprocess, status

__all__ = ["cancel", "deliver", "nullify", "poll", "release", "reprocess", "status"]

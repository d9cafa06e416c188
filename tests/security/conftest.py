"""What the tests of security share with those of calls to the outside."""

from tests.outbound.conftest import authority, guard, serving, trust

__all__ = ["authority", "guard", "serving", "trust"]

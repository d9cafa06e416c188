"""Calls to the outside: to machines of the public internet and to nobody else.

Docs: docs/outbound.md.
"""

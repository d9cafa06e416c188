"""Searches as plain values: what a resource is found by, and what is looked for."""

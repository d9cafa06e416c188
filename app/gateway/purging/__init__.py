"""Nullify: what is purged, and whether it is gone from the files."""

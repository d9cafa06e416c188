"""Processes that end at a chosen point of their writing, and what is found afterwards."""

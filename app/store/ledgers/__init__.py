"""Sums that nobody may change twice: counters, reservations, what is owed and what was paid."""

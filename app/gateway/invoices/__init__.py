"""Invoices made of what was charged, and what was paid of them."""

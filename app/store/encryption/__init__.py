"""Encryption of resource text: keys of keys, keys of texts, and what changes them."""

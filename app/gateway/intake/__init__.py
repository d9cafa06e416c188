"""Submission: what comes in is checked, kept, queued and acknowledged in one transaction."""

"""The two databases: connections, turns, commits, and what their faults mean."""

"""The protocol in plain Python: no I/O, no clock, no library."""

"""What a transaction does once for many: read ahead, put off, insert at once."""

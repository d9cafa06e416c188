"""What tells who asks: used assertions, the keys of clients, our own signing keys."""

"""What a credential may do, and what is hidden from it."""

"""Jobs: what is due, and who has leased it."""

"""What a decision is made from, what it uses up, and what is kept of it."""

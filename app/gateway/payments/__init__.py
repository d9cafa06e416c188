"""What payees are owed, and the payments and proof sheets made of it."""

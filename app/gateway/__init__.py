"""What can be asked of the gateway, and what then happens; every commit is made here."""

"""What this server says of itself."""

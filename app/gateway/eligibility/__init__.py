"""What an eligibility request is told, and who may be told it."""

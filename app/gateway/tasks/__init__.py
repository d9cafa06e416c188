"""What handlers of several Task codes have in common."""

"""What things cost, measured here and now; docs/performance.md says what they should cost."""

"""The clock: it only ticks. What there is to do, and who does it, the database decides."""

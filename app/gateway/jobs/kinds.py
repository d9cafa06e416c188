"""The kinds of job, as they stand in the queue."""

ADJUDICATE = "adjudicate"

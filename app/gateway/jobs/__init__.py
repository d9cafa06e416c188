"""What is done later: one kind of job, one file."""

"""The kinds of job, as they stand in the queue."""

ADJUDICATE = "adjudicate"
EXPIRE_PREAUTHORIZATION = "expire-preauthorization"
VERIFY_PURGE = "verify-purge"

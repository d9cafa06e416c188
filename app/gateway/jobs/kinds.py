"""The kinds of job, as they stand in the queue."""

ADJUDICATE = "adjudicate"
FORGET_EXPIRED = "forget-expired"
EXPIRE_PREAUTHORIZATION = "expire-preauthorization"
RECONCILE_PAYMENTS = "reconcile-payments"
VERIFY_PURGE = "verify-purge"

"""The tests; every module of `app` has one of the same name."""

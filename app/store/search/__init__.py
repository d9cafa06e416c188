"""The rows that a resource is found by; app/store/searching asks them."""

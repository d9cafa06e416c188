"""The resources that the gateway itself writes."""

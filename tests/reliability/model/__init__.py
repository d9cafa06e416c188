"""The model test: a machine that acts at random, and a model in dicts that knows what must come."""

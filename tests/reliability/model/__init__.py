"""The model test: a machine that acts at random, a model in dicts, and what must hold after each step."""

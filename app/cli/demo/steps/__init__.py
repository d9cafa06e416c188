"""The steps of the care cycle, in phases; each with what must come back, word for word."""

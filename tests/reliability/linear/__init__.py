"""Whether what many clients saw at once can have happened one after the other."""

"""Copies of a database that another one can be made of: a folder with the rows and a manifest."""

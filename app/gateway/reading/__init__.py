"""What can be read: one resource, its history, a search and its pages."""

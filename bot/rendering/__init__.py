"""A report in the words of each place it is read."""

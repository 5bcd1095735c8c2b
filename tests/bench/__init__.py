"""The figures of `make bench`, each with what it was compared to."""

"""Holds what is known to be wrong: each test says what is right, and is expected to fail until somebody mends it."""

"""Holds queue."""

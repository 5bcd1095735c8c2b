"""Holds policy."""

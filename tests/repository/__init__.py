"""Holds repository."""

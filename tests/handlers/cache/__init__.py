"""Holds cache."""

"""Holds packages."""

"""Provides the `wharfinger` commands."""

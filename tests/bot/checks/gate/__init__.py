"""Holds gate."""

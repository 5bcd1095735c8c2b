"""Holds releases."""

"""Holds http api."""

"""Holds rendering."""

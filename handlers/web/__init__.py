"""Holds web."""

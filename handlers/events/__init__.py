"""Holds events."""

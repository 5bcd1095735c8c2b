"""Holds changes."""

"""Holds checks."""

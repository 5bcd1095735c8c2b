"""Holds repositories."""

"""Holds app."""

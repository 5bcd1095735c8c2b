"""Holds fakes."""

"""Holds model."""

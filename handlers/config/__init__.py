"""Holds config."""

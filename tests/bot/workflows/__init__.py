"""Holds workflows."""

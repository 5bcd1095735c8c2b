"""Holds handlers."""

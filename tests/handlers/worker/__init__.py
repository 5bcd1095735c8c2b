"""Holds worker."""

"""Holds snapshot."""

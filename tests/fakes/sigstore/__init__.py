"""Holds sigstore."""

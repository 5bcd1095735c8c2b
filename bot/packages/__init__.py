"""Reads published versions and their provenance from package registries."""

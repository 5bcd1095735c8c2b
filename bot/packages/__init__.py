"""The telephone to registries: published versions and their provenance."""

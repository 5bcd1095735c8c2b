"""Provenance: real bundles, and an authority of the tests' own that signs what a story needs."""

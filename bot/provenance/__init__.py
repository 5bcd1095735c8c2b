"""Verifies attestations from PyPI, npm, RubyGems and GitHub offline."""

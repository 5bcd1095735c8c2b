"""Stores data in Redis that can be rebuilt from GitHub."""

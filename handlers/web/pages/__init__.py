"""Renders web pages from the data in Redis."""

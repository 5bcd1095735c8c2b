"""Reads the App's settings and opens Redis, logging and metrics."""

"""Holds settings."""

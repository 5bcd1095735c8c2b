"""Holds bot."""

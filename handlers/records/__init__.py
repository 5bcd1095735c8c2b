"""Holds records."""

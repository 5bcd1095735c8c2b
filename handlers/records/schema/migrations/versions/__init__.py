"""Holds one file for each revision of the tables."""

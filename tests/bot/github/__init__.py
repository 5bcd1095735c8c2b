"""Holds github."""

"""Holds cli."""

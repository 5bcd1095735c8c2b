"""Wharfinger's door: whatever GitHub, the clock, a worker or a person calls."""

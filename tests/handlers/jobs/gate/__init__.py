"""Tests of the gate: conditions, decisions, the way from a delivery to a review, and all that can go wrong on it."""

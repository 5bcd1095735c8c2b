"""Stores reports, alerts, decisions, reviews and traces in Redis."""

"""Incidents that happened, replayed against the real App: README.md says how one is written down."""

"""Signals: what in a change people should hear of, one file and one page each; the list below is the registry."""

"""The rules, one file and one page each; the list below is the registry."""

"""Calls the GitHub API; no other package of bot does."""

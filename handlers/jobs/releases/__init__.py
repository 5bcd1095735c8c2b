"""Runs the jobs about deployments, releases and published packages."""

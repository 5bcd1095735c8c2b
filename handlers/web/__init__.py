"""Serves the webhook receiver, the web pages, health checks and metrics."""

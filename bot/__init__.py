"""Evaluates how repositories publish packages, independently of webhooks, queues and configuration."""

__version__ = "0.1.0"  # of the project: pyproject.toml reads it here, and so does a checkout that was never installed

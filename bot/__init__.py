"""Evaluates how repositories publish packages, independently of webhooks, queues and configuration."""

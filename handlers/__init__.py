"""Handles webhook events, scheduled jobs, queued jobs and commands."""

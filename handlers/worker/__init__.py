"""Runs queued jobs and schedules recurring ones."""

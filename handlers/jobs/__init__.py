"""Runs the jobs that workers take from the queue."""

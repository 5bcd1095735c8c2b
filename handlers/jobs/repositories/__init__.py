"""Runs the jobs about repositories, their pushes, settings and issues."""

"""Renders reports, alerts and decisions for check runs, issues, comments, terminals and exports."""

"""Represents one repository at one commit as the rules see it."""

"""Defines the tables of the records, brings a database to them, and reads and ages what they hold."""

"""Stores jobs in Redis for workers."""

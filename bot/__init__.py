"""Wharfinger's house: what it knows, how it judges, how it speaks. Nothing here knows of webhooks, queues or settings."""

"""Holds evaluation."""

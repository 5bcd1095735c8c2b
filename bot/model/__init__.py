"""Defines the types that all packages share: identifiers, findings, errors and declared identities."""

"""Workflows that zizmor's two audits about publishing speak of, each shape once."""

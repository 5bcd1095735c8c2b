"""Manifests: which packages a repository publishes."""

"""Builds workflow changes that replace stored tokens with trusted publishing."""

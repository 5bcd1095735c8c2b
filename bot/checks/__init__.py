"""Defines the checks that a policy can enable: rules, change alerts and gate conditions."""

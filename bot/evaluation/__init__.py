"""Evaluates repositories, changes, deployments and packages against the policy in force."""

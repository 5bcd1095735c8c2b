"""The exact change that takes a stored token out of a workflow, and what to enter on the registry's side."""

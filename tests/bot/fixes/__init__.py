"""Stories of fixes: a stored token in a workflow, and the change that takes it out."""

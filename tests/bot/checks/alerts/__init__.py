"""Stories of signals: what a change may show, and what it may not."""

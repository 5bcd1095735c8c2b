"""Stories of alerts: what a change may show, and what it may not."""

"""Stories of what GitHub holds: values, how they are read, and what it costs."""

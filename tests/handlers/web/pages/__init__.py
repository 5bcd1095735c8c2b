"""Stories of the pages: who may see them, what they show, and that nothing a repository says comes alive on them."""

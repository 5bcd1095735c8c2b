"""Stories about scripts: which commands they run, with what in their hands."""

"""Things that happen on GitHub, whoever causes them: state changes, and everyone who listens is told."""

"""Evidence: from a published version to the step that sent it, and what people are told of it."""

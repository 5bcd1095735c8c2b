"""What answers each operation: one room per family, each with a literal table."""

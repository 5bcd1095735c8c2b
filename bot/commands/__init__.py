"""The commands inside a step's script, read with real grammars."""

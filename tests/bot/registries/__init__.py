"""The catalog of registries: its data, its look-ups, its examples."""

"""The telephone to registries: readers, manners, and what hostile answers do."""

"""The tests, a story each."""

"""The coverage-guided fuzzer, for those who have atheris: `make fuzz`."""

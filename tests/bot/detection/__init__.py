"""Stories of packages leaving repositories: workflow files in, publications out."""

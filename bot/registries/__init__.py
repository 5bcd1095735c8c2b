"""What is known about each registry: one data file each, facts with source and date."""

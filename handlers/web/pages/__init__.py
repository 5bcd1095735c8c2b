"""What a person sees in a browser: set-up, organisation, inventory, alarms, repository, identity, gates; made from what Redis keeps."""

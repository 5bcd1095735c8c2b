"""What a person sees in a browser: set-up, organization, inventory, alerts, repository, identity, gates; made from what Redis keeps."""

"""The register, access reviews and revocation, told through GitHub."""

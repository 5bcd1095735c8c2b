"""What signatures prove of a published version: attestations of PyPI, npm, RubyGems and GitHub, verified offline. Bytes in, values out."""

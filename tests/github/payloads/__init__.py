"""GitHub's own example payloads, packed; the reader beside them unpacks them."""

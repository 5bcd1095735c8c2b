"""GitHub's own example payloads, packed; NOTICE.md says where they come from."""

"""GitHub's contract: the parts of its published descriptions that the stand-in is held to. NOTICE.md says where they come from."""

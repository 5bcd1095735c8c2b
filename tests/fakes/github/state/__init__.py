"""What the stand-in remembers: accounts, repositories and everything in them."""

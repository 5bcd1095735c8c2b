"""The one room with a telephone to GitHub."""
